import type { ContrastSource } from "../../src/distill/parts/contrast_sampler.ts";
import { CRD } from "../../src/distill/crd.ts";
import type { BatchInfo } from "../../src/distill/distiller.ts";
import { zeros } from "../../src/tensor/create.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { device, labels } from "../helpers.ts";
import { assertSteps, CRD_IMAGES, models, runSteps, STEPS } from "./reference.ts";

await device();

/** The images that the figures compare with. */
class FixedSource implements ContrastSource {
  readonly #images: Tensor;
  readonly #index: Tensor;
  #step = 0;

  constructor(readonly batch: number, readonly negatives: number) {
    this.#images = zeros([batch], { dtype: "int32" }).keep();
    this.#index = zeros([batch, negatives + 1], { dtype: "int32" }).keep();
  }

  startStep({ indices }: BatchInfo): void {
    const { batch, negatives } = this;
    const drawn = labels(`CRD/negatives/${this.#step++}`, batch * negatives, CRD_IMAGES);
    const index = new Int32Array(batch * (negatives + 1));
    for (let n = 0; n < batch; n++) {
      index[n * (negatives + 1)] = indices![n];
      index.set(drawn.subarray(n * negatives, (n + 1) * negatives), n * (negatives + 1) + 1);
    }
    this.#images.copy_(indices!);
    this.#index.copy_(index);
  }

  draw() {
    return { images: this.#images, index: this.#index };
  }

  dispose(): void {
    this.#images.dispose();
    this.#index.dispose();
  }
}

async function run() {
  const { student, teacher } = models("CRD");
  const { distiller: { CRD: { FEAT, LOSS, NCE } }, batch } = STEPS.CRD;
  const distiller = new CRD(student, teacher, {
    ceWeight: LOSS.CE_WEIGHT,
    featWeight: LOSS.FEAT_WEIGHT,
    studentDim: FEAT.STUDENT_DIM,
    teacherDim: FEAT.TEACHER_DIM,
    memory: {
      images: CRD_IMAGES,
      dim: FEAT.DIM,
      negatives: NCE.K,
      temperature: NCE.TEMPERATURE,
      momentum: NCE.MOMENTUM,
    },
    source: new FixedSource(batch, NCE.K),
  });
  const found = await runSteps("CRD", distiller, true);
  distiller.dispose();
  return found;
}

Deno.test("CRD trains as mdistiller does", async () => {
  const found = await run();
  assertSteps("CRD", found, { loss: 1e-4, terms: 1e-4, after: 1e-4, normBias: 1e-4 }, false);
});
