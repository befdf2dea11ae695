import { assertAlmostEquals, assertEquals } from "@std/assert";
import { exportOnnx } from "../../src/export/export_onnx.ts";
import { foldBatchNorm } from "../../src/export/fold_batch_norm.ts";
import type { OnnxNode, OnnxTensor } from "../../src/formats/onnx/onnx.ts";
import { createModel } from "../../src/models/registry.ts";
import { withoutPreact } from "../../src/models/wanted_features.ts";
import { BatchNorm2d } from "../../src/nn/batch_norm2d.ts";
import { Folding } from "../../src/nn/folding.ts";
import { noGrad } from "../../src/tensor/autograd.ts";
import { zeros } from "../../src/tensor/create.ts";
import { scope } from "../../src/tensor/scope.ts";
import { device } from "../helpers.ts";
import { readOnnx } from "./read_onnx.ts";

function floats(shape: readonly number[], ...data: number[]): OnnxTensor {
  return { shape, type: "float", data: Float32Array.from(data) };
}

function node(op: string, inputs: string, output: string): OnnxNode {
  const attributes: OnnxNode["attributes"] = op === "BatchNormalization"
    ? { epsilon: { float: 0 } }
    : {};
  return { op, name: output, inputs: inputs.split(" "), outputs: [output], attributes };
}

const NORM = new Map([
  ["gamma", floats([2], 2, 3)],
  ["beta", floats([2], 10, 20)],
  ["mean", floats([2], 1, -1)],
  ["variance", floats([2], 4, 1)],
]);
const OF_NORM = "gamma beta mean variance";

Deno.test("foldBatchNorm() scales every output channel, by groups in transposed convolutions", () => {
  const nodes = [
    node("ConvTranspose", "x w b", "y"),
    node("BatchNormalization", `y ${OF_NORM}`, "z"),
  ];
  // Two groups of one input and one output channel.
  const constants = new Map([...NORM, ["w", floats([2, 1, 1, 2], 1, 2, 3, 4)], [
    "b",
    floats([2], 5, 6),
  ]]);
  const folded = foldBatchNorm({ nodes, initializers: constants });
  assertEquals(
    folded.nodes,
    [node("ConvTranspose", "x w b", "z")].map((each) => ({
      ...each,
      name: "y",
    })),
  );
  assertEquals([...folded.initializers.keys()].sort(), ["b", "w"]);
  assertEquals([...folded.initializers.get("w")!.data], [1, 2, 9, 12]);
  assertEquals([...folded.initializers.get("b")!.data], [14, 41]);
});

Deno.test("foldBatchNorm() gives a layer that is used twice weights for each use", () => {
  const nodes = [
    node("Gemm", "x fc.weight", "y"),
    node("BatchNormalization", `y ${OF_NORM}`, "z"),
    node("Gemm", "z fc.weight", "u"),
    node("BatchNormalization", `u ${OF_NORM}`, "v"),
  ];
  const weight = floats([2, 2], 1, 2, 3, 4);
  const { nodes: kept, initializers } = foldBatchNorm({
    nodes,
    initializers: new Map([...NORM, ["fc.weight", weight]]),
  });
  assertEquals(kept.map(({ inputs }) => inputs.join(" ")), [
    "x fc.weight_folded fc.bias",
    "z fc.weight_folded_folded fc.bias_folded",
  ]);
  assertEquals(initializers.has("fc.weight"), false);
  assertEquals([...initializers.get("fc.weight_folded")!.data], [1, 2, 9, 12]);
  assertAlmostEquals(Number(initializers.get("fc.bias")!.data[1]), 23, 1e-6);
});

Deno.test("foldBatchNorm() keeps one whose input others take, or that follows no convolution", () => {
  const nodes = [
    node("Conv", "x w", "y"),
    node("BatchNormalization", `y ${OF_NORM}`, "z"),
    node("Add", "y z", "u"),
    node("BatchNormalization", `u ${OF_NORM}`, "v"),
  ];
  const initializers = new Map([...NORM, ["w", floats([2, 1, 1, 1], 1, 2)]]);
  assertEquals(foldBatchNorm({ nodes, initializers }), { nodes, initializers });
});

Deno.test("an exported graph folds the normalisations that the engine folds", async () => {
  const gpu = await device();
  const { dispatch } = gpu;
  // The stem of wrn goes into a sum as well: the engine computes it twice, a graph keeps the normalisation.
  for (const [name, shared] of [["resnet8", 0], ["wrn_16_1", 1], ["ShuffleV2", 0]] as const) {
    const model = createModel(name, { numClasses: 4 }).eval();
    const norms = [...model.modules()].filter((each) => each instanceof BatchNorm2d).length;
    const names: string[] = [];
    gpu.dispatch = ({ name }, { bindings }) => {
      // What waits is computed when its memory is bound.
      for (const bound of Object.values(bindings)) {
        void (bound && "storage" in bound && bound.storage);
      }
      names.push(name);
    };
    try {
      scope(() => {
        const images = zeros([1, 3, 32, 32]);
        const folding = new Folding();
        noGrad(() => folding.run(() => withoutPreact(() => model.forward(images).logits)));
        folding.dispose();
      });
    } finally {
      gpu.dispatch = dispatch;
    }
    const file = readOnnx(await exportOnnx(model, { imageShape: [3, 32, 32], fold: true }));
    const left = file.graph.node.filter(({ op_type }) => op_type === "BatchNormalization").length;
    const folded = names.filter((each) => each === "batch_norm_fold").length;
    assertEquals(folded - shared, norms - left, name);
    model.dispose();
  }
});
