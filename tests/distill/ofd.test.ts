import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { Config } from "../../src/config/config.ts";
import { resolveConfig } from "../../src/config/resolve_config.ts";
import { DEFINITION, OFD, ofdMargins } from "../../src/distill/ofd.ts";
import { UserError } from "../../src/errors.ts";
import { ofdLoss } from "../../src/losses/ofd.ts";
import { MODEL_FAMILIES, type ModelFamily } from "../../src/models/family.ts";
import type { Model } from "../../src/models/model.ts";
import { createModel, modelNames } from "../../src/models/registry.ts";
import { skipInit } from "../../src/nn/init.ts";
import { distillerParts, featureShapes } from "../../src/run/build_distiller.ts";
import { tensor } from "../../src/tensor/create.ts";
import { scope } from "../../src/tensor/scope.ts";
import { assertClose, device, values } from "../helpers.ts";

const gpu = await device();

const make = (name: string, family: ModelFamily = "cifar") =>
  skipInit(() => createModel(name, { numClasses: 10, family }));

/** The overhaul between two models, as a configuration's defaults build it. */
async function overhaul(student: Model, teacher: Model, side: number): Promise<OFD> {
  const config = resolveConfig("DISTILLER:\n  TYPE: OFD\n", "x");
  const frozen = teacher.requiresGrad_(false).eval();
  return await buildOFD(config, student, frozen, side);
}

async function buildOFD(config: Config, student: Model, teacher: Model, side: number) {
  const images = { length: 1, labels: Int32Array.of(0), classes: [""], channels: 3 };
  const dataset = { ...images, name: "x/train", height: side, width: side, mean: [], std: [] };
  const parts = distillerParts(config, { dataset, teacherPath: "" }, student, teacher);
  return await DEFINITION.build(parts) as OFD;
}

function dispose(distiller: OFD): void {
  distiller.dispose();
  const { student, teacher, extraModules: { connectors } } = distiller;
  for (const module of [student, teacher, connectors]) module.dispose();
}

Deno.test("every model's norms before ReLU have the channels of its last features", () => {
  const without: string[] = [];
  for (const family of MODEL_FAMILIES) {
    const side = family === "cifar" ? 32 : 64;
    for (const name of modelNames(family)) {
      const model = make(name, family);
      const norms = model.normsBeforeRelu.map(({ weight }) => weight.numel);
      if (norms.length === 0) without.push(name);
      const { preactFeats } = featureShapes(model, [1, 3, side, side]);
      const channels = preactFeats.map(([, c]) => c);
      assertEquals(norms, channels.slice(channels.length - norms.length), name);
      model.dispose();
    }
  }
  assertEquals(without.sort(), ["MobileNetV2", "ShuffleV1", "ShuffleV2"]);
});

/** Pairs of other numbers of stages and other sizes, with how many stages are compared. */
const PAIRS = [
  ["cifar", "vgg8", "resnet8", 3],
  ["cifar", "resnet8", "vgg8", 3],
  ["cifar", "wrn_16_1", "ShuffleV1", 3],
  ["cifar", "ResNet50", "wrn_16_2", 3],
  ["cifar", "ResNet18", "vgg8", 4],
  ["cifar", "vgg8", "ShuffleV2", 3],
  ["imagenet", "ResNet34", "ResNet18", 3],
  ["imagenet", "ResNet50", "MobileNetV1", 3],
  ["imagenet", "MobileNetV1", "ResNet18", 3],
] as const;

for (const [family, teacherName, studentName, stages] of PAIRS) {
  Deno.test(`OFD builds a step of ${family}'s ${teacherName} and ${studentName}`, async () => {
    const side = family === "cifar" ? 32 : 64;
    const distiller = await overhaul(make(studentName, family), make(teacherName, family), side);
    // A convolution's weight, and a norm's weight and bias.
    assertEquals(distiller.extraModules.connectors.parameters().length, 3 * stages);
    gpu.dryRun(() =>
      scope(() => {
        const images = tensor(new Float32Array(2 * 3 * side * side), [2, 3, side, side]);
        const schedule = { epoch: 1, epochs: 1 };
        const { losses } = distiller.forwardTrain(images, tensor(Int32Array.of(0, 1)), schedule);
        assertEquals(losses.loss_kd.shape, []);
        losses.loss_kd.backward();
      })
    );
    dispose(distiller);
  });
}

Deno.test("OFD puts the teacher into training mode for its own forward only", async () => {
  const teacher = createModel("resnet8", { numClasses: 10 });
  const distiller = await overhaul(make("resnet8"), teacher, 32);
  const runningMean = teacher.stateDict().get("bn1.running_mean")!;
  const before = await runningMean.data();
  const images = tensor(values("images", [2, 3, 32, 32]), [2, 3, 32, 32]);
  distiller.forwardTrain(images, tensor(Int32Array.of(0, 1)), { epoch: 1, epochs: 1 });
  assert([...teacher.modules()].every(({ training }) => !training));
  const after = await runningMean.data();
  assert(before.every((value) => value === 0) && after.some((value) => value !== 0));
  dispose(distiller);
});

Deno.test("OFD refuses models without what it compares", async () => {
  const refused = async (student: string, teacher: string, message: string) => {
    const models = [make(student), make(teacher)] as const;
    const config = resolveConfig("", "x", [
      "DISTILLER.STUDENT",
      student,
      "DISTILLER.TEACHER",
      teacher,
    ]);
    await assertRejects(() => buildOFD(config, ...models, 32), UserError, message);
    for (const model of models) model.dispose();
  };
  await refused(
    "resnet8",
    "ShuffleV2",
    "OFD cannot learn from ShuffleV2: its margins are those of",
  );
  await refused("resnet8", "MobileNetV2", "OFD cannot learn from MobileNetV2: ");
  await refused("MobileNetV2", "resnet8", "OFD cannot teach MobileNetV2, which has no features");
  const model = make("resnet8");
  const options = { ceWeight: 1, featWeight: 1, kernelSize: 1, margins: [] };
  const shapes = { studentShapes: [[1, 8, 4, 4], [1, 8, 4, 4]], teacherShapes: [] };
  assertThrows(
    () => new OFD(model, model, { ...options, ...shapes }),
    UserError,
    "behind a margin for each of the teacher's; got 2, 0 and 0 of them",
  );
  model.dispose();
});

Deno.test("OFD's connectors have the kernel that is asked for, and mdistiller's names", async () => {
  const [student, teacher] = [make("resnet8"), make("resnet8x4")];
  const shapes = (model: Model) => featureShapes(model, [1, 3, 32, 32]).preactFeats;
  const distiller = new OFD(student, teacher, {
    ...{ ceWeight: 1, featWeight: 1, kernelSize: 3 },
    margins: await ofdMargins(teacher.normsBeforeRelu),
    ...{ studentShapes: shapes(student), teacherShapes: shapes(teacher) },
  });
  const state = distiller.extraModules.connectors.stateDict("connectors.");
  assertEquals([...state.keys()].slice(0, 3), [
    "connectors.connectors.0.0.weight",
    "connectors.connectors.0.1.weight",
    "connectors.connectors.0.1.bias",
  ]);
  assertEquals(state.get("connectors.connectors.2.0.weight")!.shape, [256, 64, 3, 3]);
  dispose(distiller);
});

Deno.test("ofdLoss() brings the teacher's features to the student's size, up or down", async () => {
  const margin = tensor([-0.5]);
  const small = tensor([1, 2, 3, 4], [1, 1, 2, 2]);
  const large = tensor(Float32Array.from({ length: 16 }, (_, i) => i), [1, 1, 4, 4]);
  const means = [2.5, 4.5, 10.5, 12.5];
  const down = means.reduce((sum, mean, i) => sum + (i + 1 - mean) ** 2, 0);
  const up = Array.from({ length: 16 }, (_, i) => {
    const target = 1 + 2 * Number(i >= 8) + Number(i % 4 >= 2);
    return (i - target) ** 2;
  }).reduce((sum, square) => sum + square);
  const losses = [ofdLoss(small, large, margin), ofdLoss(large, small, margin)];
  assertClose(await Promise.all(losses.map((loss) => loss.item())), [down, up], 1e-6);
});
