import { assert, assertEquals, assertRejects } from "@std/assert";
import * as wkd from "../../mod.ts";
import { device } from "../helpers.ts";
import { EVERY_OP_SIZE, EveryOp } from "./every_op.ts";
import { nodeTexts, portText, readOnnx } from "./read_onnx.ts";
import { randomStatistics, VARIANTS } from "./variants.ts";

const gpu = await device();

/** Files that passed `check_onnx.py`: what onnxruntime makes of them is what the engine makes. */
const checked: Record<string, { sha256: string; nodes: string[] }> = JSON.parse(
  Deno.readTextFileSync(new URL("../fixtures/onnx_graphs.json", import.meta.url)),
);

async function sha256(bytes: Uint8Array): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as BufferSource)).toHex();
}

async function assertChecked(
  name: string,
  make: () => wkd.Model,
  [height, width]: readonly [number, number],
): Promise<void> {
  wkd.manualSeed(1);
  const model = make();
  randomStatistics(model);
  for (const [variant, options] of Object.entries(VARIANTS)) {
    const bytes = await wkd.exportOnnx(model, { imageShape: [3, height, width], ...options });
    const { sha256: hash, nodes } = checked[`${name}.${variant}`];
    assertEquals(nodeTexts(readOnnx(bytes)), nodes, `${name}.${variant}`);
    assertEquals(await sha256(bytes), hash, `${name}.${variant}: weights or attributes differ`);
  }
  model.dispose();
}

Deno.test("exportOnnx() writes the files that onnxruntime was compared with", async () => {
  await assertChecked(
    "cifar-resnet8",
    () => wkd.createModel("resnet8", { numClasses: 10 }),
    [32, 32],
  );
  await assertChecked("every_op", () => new EveryOp(), EVERY_OP_SIZE);
});

Deno.test("exportOnnx() names weights as the state dict does, folds, and leaves the model alone", async () => {
  const model = wkd.createModel("resnet8", { numClasses: 4, inChannels: 1 });
  randomStatistics(model);
  const { conv1 } = model as unknown as { conv1: wkd.Conv2d };
  const { forward } = conv1;
  const { inUse } = gpu.account;
  const options = { imageShape: [1, 8, 8] as const };
  const kept = readOnnx(await wkd.exportOnnx(model, options));
  const folded = readOnnx(await wkd.exportOnnx(model, { ...options, fold: true }));
  assertEquals([kept.ir_version, kept.opset_import[0].version], [8, 17]);
  assertEquals(kept.graph.input.map(portText), ["images 1 batch,1,8,8"]);
  assertEquals(kept.graph.output.map(portText), ["logits 1 batch,4"]);
  const names = kept.graph.initializer.map(({ name }) => name).filter((name) => /\./.test(name));
  const state = [...model.stateDict().keys()].filter((name) => !/num_batches/.test(name));
  assertEquals(names.sort(), state.sort());
  const weight = kept.graph.initializer.find(({ name }) => name === "conv1.weight")!;
  const numbers = (bytes: Uint8Array) => [...new Float32Array(Uint8Array.from(bytes).buffer)];
  assertEquals(numbers(weight.raw_data), [...await conv1.weight.data()]);
  assertEquals(weight.dims, [16, 1, 3, 3]);
  const operators = (file: typeof kept) => new Set(file.graph.node.map(({ op_type }) => op_type));
  assert(operators(kept).has("BatchNormalization"));
  assert(!operators(folded).has("BatchNormalization"));
  assert(model.training && conv1.training && conv1.forward === forward);
  assertEquals(gpu.account.inUse, inUse);
  model.dispose();
});

/** A classifier whose features a function makes of the images [N, 3, 8, 8]. */
class Odd extends wkd.Model {
  readonly stageChannels = [3];
  readonly body: Body;
  readonly fc = new wkd.Linear(3, 2);
  constructor(features: (x: wkd.Tensor, body: Body) => wkd.Tensor) {
    super();
    this.body = new Body(features);
  }
  get classifier() {
    return this.fc;
  }
  forward(images: wkd.Tensor): wkd.ModelOutput {
    const pooledFeat = this.body.forward(images);
    const features = { feats: [], preactFeats: [], pooledFeat };
    return { logits: this.fc.forward(pooledFeat), features };
  }
}

class Body extends wkd.Module {
  readonly bn = new wkd.BatchNorm2d(3);
  constructor(readonly features: (x: wkd.Tensor, body: Body) => wkd.Tensor) {
    super();
  }
  forward(x: wkd.Tensor): wkd.Tensor {
    return this.features(x, this);
  }
}

function means(x: wkd.Tensor): wkd.Tensor {
  return x.mean({ dims: [2, 3] });
}

async function refuses(
  features: (x: wkd.Tensor, body: Body) => wkd.Tensor,
  message: string,
  options: Partial<wkd.ExportOnnxOptions> = {},
): Promise<void> {
  const model = new Odd(features);
  const all = { imageShape: [3, 8, 8] as const, ...options };
  await assertRejects(() => wkd.exportOnnx(model, all), wkd.UserError, message);
  model.dispose();
}

Deno.test("exportOnnx() names the layer that has no ONNX form", async () => {
  const index = wkd.tensor(new Int32Array(6), [2, 3]);
  await refuses(
    (x) => wkd.scatterAdd(means(x), 1, index, means(x)),
    "scatter_add() in body (Body) has no ONNX form",
    { batch: 2 },
  );
  await refuses(
    (x) => wkd.eigh(x.reshape(-1, 8, 8)).values.reshape(-1, 3, 8).mean({ dims: 2 }),
    "eigh() in body (Body) has no ONNX form",
  );
  await refuses((x) => means(x).add_(means(x)), "body (Body) changes a tensor in place");
  await refuses(
    (x, { bn: { weight, bias, running_mean: runningMean, running_var: runningVar } }) =>
      means(wkd.batchNorm(x, { weight, bias, runningMean, runningVar }, { training: true })),
    "batch_norm() in body (Body) runs in training mode",
  );
  index.dispose();
});

Deno.test("exportOnnx() says what follows from the number of images, which --batch fixes", async () => {
  const scaled = (x: wkd.Tensor) => means(x).mul(x.shape[0]);
  await refuses(scaled, "b of mul() in body (Body) follows from the number of images");
  await refuses(
    (x) => means(x.shape[0] === 2 ? x.relu() : x),
    "what the model does follows from the number of images",
  );
  const model = new Odd(scaled);
  const fixed = await wkd.exportOnnx(model, { imageShape: [3, 8, 8], batch: 2 });
  assertEquals(readOnnx(fixed).graph.input.map(portText), ["images 1 2,3,8,8"]);
  const wrong = { imageShape: [3, 8, 8], half: true } as unknown as wkd.ExportOnnxOptions;
  await assertRejects(() => wkd.exportOnnx(model, wrong), TypeError, "no option half");
  model.dispose();
});

Deno.test("exportOnnx() in float16 refuses weights that it cannot hold", async () => {
  const model = new Odd(means);
  model.fc.bias!.copy_(Float32Array.of(0, 70000));
  const options = { imageShape: [3, 8, 8] as const, float16: true };
  await assertRejects(() => wkd.exportOnnx(model, options), wkd.UserError, "fc.bias holds 70000");
  model.dispose();
});
