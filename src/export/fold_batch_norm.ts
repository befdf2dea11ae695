import type { OnnxGraph, OnnxNode, OnnxTensor } from "../formats/onnx/onnx.ts";

/** Nodes and constants of a graph. */
export type GraphBody = Pick<OnnxGraph, "nodes" | "initializers">;

/** Operators whose weights batch normalisation goes into, with the dimension of their outputs. */
const OUTPUTS: Readonly<Record<string, 0 | 1>> = { Conv: 0, Gemm: 0, ConvTranspose: 1 };

/**
 * A graph in which batch normalisation is part of the convolution or linear layer before it, computed in float64. One with
 * something else before it, such as ReLU, stays. The engine folds what it runs itself by kernels, in float32
 * (`src/nn/folding.ts`).
 */
export function foldBatchNorm({ nodes, initializers }: GraphBody): GraphBody {
  const constants = new Map(initializers);
  const makers = new Map(nodes.map((node) => [node.outputs[0], node]));
  const uses = new Map<string, number>();
  for (const name of nodes.flatMap(({ inputs }) => inputs)) {
    uses.set(name, (uses.get(name) ?? 0) + 1);
  }
  const folded = new Map<OnnxNode, OnnxNode | null>();
  for (const norm of nodes) {
    const maker = makers.get(norm.inputs[0]);
    if (norm.op !== "BatchNormalization" || !maker || !Object.hasOwn(OUTPUTS, maker.op)) continue;
    const used = norm.inputs.slice(1).concat(maker.inputs.slice(1));
    if (uses.get(norm.inputs[0]) !== 1 || !used.every((name) => constants.has(name))) continue;
    // Weights that another node takes, too, keep their name and numbers.
    const own = (name: string) => uses.get(name) === 1 ? name : unused(name, constants);
    const [, weight, bias] = maker.inputs;
    const names = {
      weight: own(weight),
      bias: bias ? own(bias) : unused(weight.replace(/weight$|$/, "bias"), constants),
    };
    const { weight: newWeight, bias: newBias } = foldedWeights(maker, norm, constants);
    constants.set(names.weight, newWeight);
    constants.set(names.bias, newBias);
    const inputs = [maker.inputs[0], names.weight, names.bias];
    folded.set(maker, { ...maker, inputs, outputs: norm.outputs });
    folded.set(norm, null);
  }
  const kept = nodes.flatMap((node) => {
    const now = folded.get(node);
    return now === undefined ? [node] : now === null ? [] : [now];
  });
  return withoutUnused({ nodes: kept, initializers: constants });
}

/** A graph without the constants that no node takes. */
export function withoutUnused({ nodes, initializers }: GraphBody): GraphBody {
  const used = new Set(nodes.flatMap(({ inputs }) => inputs));
  return { nodes, initializers: new Map([...initializers].filter(([name]) => used.has(name))) };
}

function unused(name: string, constants: ReadonlyMap<string, OnnxTensor>): string {
  return constants.has(name) ? unused(`${name}_folded`, constants) : name;
}

/** `gamma (W x + b - mean) / sqrt(variance + eps) + beta` as another `W x + b`. */
function foldedWeights(
  maker: OnnxNode,
  norm: OnnxNode,
  constants: ReadonlyMap<string, OnnxTensor>,
): { weight: OnnxTensor; bias: OnnxTensor } {
  const floats = (name: string) => constants.get(name)!.data as Float32Array;
  const [gamma, beta, mean, variance] = norm.inputs.slice(1).map(floats);
  const { epsilon } = norm.attributes;
  const eps = "float" in epsilon ? epsilon.float : 0;
  const scale = Float64Array.from(gamma, (each, c) => each / Math.sqrt(variance[c] + eps));
  const weight = constants.get(maker.inputs[1])!;
  const before = maker.inputs[2] ? floats(maker.inputs[2]) : null;
  const bias = Float32Array.from(
    beta,
    (each, c) => each + ((before?.[c] ?? 0) - mean[c]) * scale[c],
  );
  const channel = outputChannel(maker, weight.shape, scale.length);
  const data = (weight.data as Float32Array).map((each, i) => each * scale[channel(i)]);
  return {
    weight: { ...weight, data },
    bias: { shape: [bias.length], type: "float", data: bias },
  };
}

/** The output channel that an element of a weight is for. */
function outputChannel(
  { op }: OnnxNode,
  shape: readonly number[],
  channels: number,
): (element: number) => number {
  const dim = OUTPUTS[op];
  const inner = shape.slice(dim + 1).reduce((product, size) => product * size, 1);
  if (dim === 0) return (i) => Math.floor(i / inner);
  // [in, out / groups, ...]: the input channel says the group.
  const [inputs, perGroup] = shape;
  const inGroup = inputs / (channels / perGroup);
  return (i) => {
    const input = Math.floor(i / (perGroup * inner));
    return Math.floor(input / inGroup) * perGroup + Math.floor(i / inner) % perGroup;
  };
}
