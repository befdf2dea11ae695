import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { loadConfig } from "../../src/config/resolve_config.ts";
import { arrayDataset } from "../../src/data/array_dataset.ts";
import type { Distiller } from "../../src/distill/distiller.ts";
import { type TargetOptions, Targets } from "../../src/distill/targets.ts";
import { buildDistiller } from "../../src/run/build_distiller.ts";
import { manualSeed } from "../../src/nn/init.ts";
import { crossEntropy } from "../../src/ops/softmax/cross_entropy.ts";
import { noGrad } from "../../src/tensor/autograd.ts";
import { tensor } from "../../src/tensor/create.ts";
import { scope } from "../../src/tensor/scope.ts";
import { trained } from "../../src/train/trained.ts";
import { assertClose, device, labels, procedural } from "../helpers.ts";
import { inTempDir } from "../temp_dir.ts";
import { writeTeacher } from "../train/helpers.ts";
import { DISTILLERS } from "../train/distiller_settings.ts";

await device();

interface TargetCase {
  share: number;
  smoothing: number;
  y: number;
  x: number;
  cutmix?: boolean;
  weights?: number[];
  loss: number;
  grad: number[];
}

const { mixed, weighted }: Record<string, TargetCase[]> = JSON.parse(
  Deno.readTextFileSync(new URL("../fixtures/data/mixing.json", import.meta.url)),
);
/** The fixture's box of two rows and columns of 5 x 6, of which the share is. */
const cutShare = ({ cutmix, share }: TargetCase) => cutmix ? 1 - 3 * 4 / 30 : share;

/** The labels of the pairs' other images, as timm's `flip(0)`. */
function mix(own: Int32Array, share: number): TargetOptions["mixed"] {
  return { labels: tensor(own.slice().reverse()), share: tensor([share]).reshape() };
}

for (const each of [...mixed, ...weighted]) {
  const { smoothing, weights, loss, grad } = each;
  const share = cutShare(each);
  const whose = weights ? "PyTorch with class weights" : "timm";
  Deno.test(`Targets.crossEntropy() matches ${whose}, share ${share}, smoothing ${smoothing}`, async () => {
    const own = labels("mix/labels", 4, 10);
    const logits = procedural("mix/logits", [4, 10], 4, true);
    const targets = new Targets(tensor(own), {
      labelSmoothing: smoothing,
      classWeights: weights && tensor(weights),
      mixed: share === 1 ? null : mix(own, share),
    });
    assert(!targets.used);
    const found = targets.crossEntropy(logits);
    assert(targets.used);
    found.backward();
    assertClose([await found.item()], [loss], 2e-6);
    assertClose(await logits.grad!.data(), grad, 2e-6);
  });
}

/** Settings for two resnet8 and images of 28 x 28. */
const SETTINGS: Readonly<Record<string, readonly string[]>> = {
  NONE: [],
  WKD: [
    ...["WKD.COST_MATRIX", "fc", "WKD.LOSS.WKD_LOGIT_WEIGHT", "10", "WKD.LOSS.WKD_FEAT_WEIGHT"],
    ...["0.2", "WKD.LOSS.COSINE_DECAY_EPOCH", "1000", "WKD.HINT_LAYER", "-1"],
    ...["WKD.PROJECTOR", "conv1x1", "WKD.SPATIAL_GRID", "1"],
  ],
  ...DISTILLERS,
};

const dataset = arrayDataset({
  images: new Uint8Array(4 * 28 * 28),
  labels: [1, 2, 3, 4],
  ...{ height: 28, width: 28, channels: 1, classes: 10 },
});
const OWN = Int32Array.of(1, 2, 3, 4);
const SHARE = 0.7;

/** `SHARE` of the first numbers and the rest of the second ones. */
function average(first: ArrayLike<number>, second: ArrayLike<number>): number[] {
  return Array.from(first, (value, i) => SHARE * value + (1 - SHARE) * second[i]);
}

/** Calls `fn` with each distiller of some types, built of two resnet8. */
async function withDistillers(
  types: readonly string[],
  fn: (type: string, distiller: Distiller) => Promise<void>,
): Promise<void> {
  await inTempDir(async (folder) => {
    await writeTeacher(folder);
    const teacherPath = join(folder, "teacher.safetensors");
    for (const type of types) {
      const overrides = [
        ...["DISTILLER.TYPE", type, "DISTILLER.STUDENT", "resnet8", "DISTILLER.TEACHER", "resnet8"],
        ...["DATASET.TYPE", "fashion_mnist", ...SETTINGS[type]],
      ];
      manualSeed(5);
      const config = loadConfig(null, overrides);
      const { distiller } = await buildDistiller(config, { dataset, teacherPath });
      distiller.startStep?.({ indices: Int32Array.of(0, 1, 2, 3) }, SCHEDULE);
      await fn(type, distiller);
      distiller.dispose?.();
      for (const module of [distiller.teacher, ...trained(distiller)]) module?.dispose();
    }
  });
}

const SCHEDULE = { epoch: 5, epochs: 240 };

Deno.test("every distiller takes its cross-entropy from the targets", async () => {
  const images = procedural("images", [4, 1, 28, 28]);
  await withDistillers(Object.keys(SETTINGS), async (type, distiller) => {
    const labelSmoothing = 0.2;
    const targets = new Targets(tensor(OWN), {
      labelSmoothing,
      mixed: distiller.refusesMixing ? null : mix(OWN, SHARE),
    });
    const kept = scope(() =>
      noGrad(() => {
        const { logits, losses } = distiller.forwardTrain(
          images,
          targets.labels,
          SCHEDULE,
          targets,
        );
        const ce = (of: Int32Array) => crossEntropy(logits, tensor(of), { labelSmoothing });
        const others = targets.options.mixed ? OWN.slice().reverse() : OWN;
        return { loss: losses.loss_ce, own: ce(OWN), other: ce(others) };
      })
    );
    const [loss, own, other] = await Promise.all(Object.values(kept).map((each) => each.item()));
    const weight = type === "KD" ? 0.1 : 1;
    assertClose([loss], [weight * average([own], [other])[0]], 2e-6, type);
    assertEquals(distiller.refusesMixing !== undefined, type === "CRD");
  });
});

Deno.test("DKD and WKD-L are by both labels of mixed images, by their shares", async () => {
  const images = procedural("images", [4, 1, 28, 28]);
  await withDistillers(["DKD", "WKD"], async (type, distiller) => {
    const { weight } = distiller.student.classifier;
    const measure = async (own: Int32Array, mixed: TargetOptions["mixed"] = null) => {
      weight.grad = null;
      const { loss_kd, loss_wkd_l } = scope(() => {
        const target = tensor(own);
        const targets = new Targets(target, { mixed });
        const { losses } = distiller.forwardTrain(images, target, SCHEDULE, targets);
        Object.values(losses).reduce((sum, term) => sum.add(term)).backward();
        return losses;
      });
      return { loss: await (loss_kd ?? loss_wkd_l).item(), grad: await weight.grad!.data() };
    };
    const first = await measure(OWN);
    const second = await measure(OWN.slice().reverse());
    assert(Math.abs(first.loss - second.loss) > 1e-5 * first.loss, type);
    const both = await measure(OWN, mix(OWN, SHARE));
    assertClose([both.loss], average([first.loss], [second.loss]), 2e-6, type);
    assertClose(both.grad, average(first.grad, second.grad), 2e-5, type);
  });
});
