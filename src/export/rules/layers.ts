import { UserError } from "../../errors.ts";
import type { OnnxAttribute } from "../../formats/onnx/onnx.ts";
import type { GraphBuilder, Rule } from "../graph_builder.ts";
import { describeOp, type TracedOp, type Value } from "../traced_graph.ts";

type Pair = number | readonly [number, number];

function pair(value: Pair | undefined, usual: number): readonly [number, number] {
  const given = value ?? usual;
  return typeof given === "number" ? [given, given] : given;
}

/** Attributes that `Conv` and `ConvTranspose` have in common. */
function convAttributes(build: GraphBuilder, op: TracedOp): Record<string, OnnxAttribute> {
  const option = (name: string, usual: number) => pair(build.attribute<Pair>(op, name), usual);
  const pads = option("padding", 0);
  return {
    kernel_shape: { ints: op.inputs[1].shape.slice(2) },
    strides: { ints: option("stride", 1) },
    pads: { ints: [...pads, ...pads] },
    dilations: { ints: option("dilation", 1) },
    group: { int: build.attribute<number>(op, "groups") ?? 1 },
  };
}

function names(build: GraphBuilder, values: readonly Value[]): string[] {
  return values.map((each) => build.name(each));
}

/** The engine's op ends with an addition and ReLU, which are nodes of their own in ONNX. */
const batchNorm: Rule = (build, op) => {
  if (build.attribute<boolean>(op, "training")) {
    throw new UserError(
      `${
        describeOp(op)
      } runs in training mode, in which it has no ONNX form; use the running statistics`,
    );
  }
  const [x, weight, bias, residual] = op.inputs;
  const running = ["runningMean", "runningVar"].map((name) => build.attribute<Value>(op, name)!);
  const eps = build.attribute<number>(op, "eps") ?? 1e-5;
  let y = build.node("BatchNormalization", names(build, [x, weight, bias, ...running]), {
    epsilon: { float: eps },
  });
  if (residual) y = build.node("Add", [y, build.name(residual)]);
  return build.attribute<boolean>(op, "relu") ? build.node("Relu", [y]) : y;
};

const layerNorm: Rule = (build, op) => {
  const shape = build.attribute<readonly number[]>(op, "shape")!;
  const weight = build.attribute<Value | null>(op, "weight");
  const bias = build.attribute<Value | null>(op, "bias");
  const count = shape.reduce((product, size) => product * size, 1);
  const scale = weight ? build.name(weight) : build.floats(new Float32Array(count).fill(1), shape);
  return build.node(
    "LayerNormalization",
    [build.name(op.inputs[0]), scale, ...(bias ? [build.name(bias)] : [])],
    {
      axis: { int: -shape.length },
      epsilon: { float: build.attribute<number>(op, "eps")! },
    },
  );
};

const linear: Rule = (build, { inputs: [x, weight, bias] }) => {
  if (x.shape.length === 2) {
    const inputs = names(build, [x, weight, ...(bias ? [bias] : [])]);
    return build.node("Gemm", inputs, { transB: { int: 1 } });
  }
  const turned = build.node("Transpose", [build.name(weight)], { perm: { ints: [1, 0] } });
  const product = build.node("MatMul", [build.name(x), turned]);
  return bias ? build.node("Add", [product, build.name(bias)]) : product;
};

const matmul: Rule = (build, op) => {
  const operands = op.inputs.map((value, i) => {
    const name = build.name(value);
    if (!build.attribute<boolean>(op, i === 0 ? "transposeA" : "transposeB")) return name;
    const dims = value.shape.map((_, d) => d);
    const perm = [...dims.slice(0, -2), dims.length - 1, dims.length - 2];
    return build.node("Transpose", [name], { perm: { ints: perm } });
  });
  return build.node("MatMul", operands);
};

/** Convolutions, products, normalisation. */
export const LAYERS: Readonly<Record<string, Rule>> = {
  conv2d: (build, op) => build.node("Conv", names(build, op.inputs), convAttributes(build, op)),
  conv_transpose2d: (build, op) =>
    build.node("ConvTranspose", names(build, op.inputs), {
      ...convAttributes(build, op),
      output_padding: { ints: pair(build.attribute<Pair>(op, "outputPadding"), 0) },
    }),
  batch_norm: batchNorm,
  layer_norm: layerNorm,
  linear,
  matmul,
};
