import { UserError } from "../errors.ts";
import type { OnnxGraph, OnnxNode, OnnxTensor, OnnxValue } from "../formats/onnx/onnx.ts";
import type { Model } from "../models/model.ts";
import { checkOptions } from "../options.ts";
import type { HostArray } from "../tensor/dtype.ts";
import { foldBatchNorm, type GraphBody, withoutUnused } from "./fold_batch_norm.ts";
import { GraphBuilder } from "./graph_builder.ts";
import { ELEMENTWISE } from "./rules/elementwise.ts";
import { LAYERS } from "./rules/layers.ts";
import { POOLS } from "./rules/pools.ts";
import { REDUCTIONS } from "./rules/reductions.ts";
import { SHAPES } from "./rules/shapes.ts";
import { CAST, toFloat16 } from "./to_float16.ts";
import { traceModel } from "./trace_model.ts";
import { isValue, TracedGraph, type Value } from "./traced_graph.ts";

/** Version of ONNX's operators. */
export const OPSET = 17;
/** Version of the file format that came with them. */
const IR_VERSION = 8;
const RULES = { ...ELEMENTWISE, ...LAYERS, ...POOLS, ...REDUCTIONS, ...SHAPES };
/** Two numbers of images: what differs between them follows from the number. */
const BATCHES = [2, 3] as const;

/** Options of {@linkcode exportOnnx}. */
export interface ExportOnnxOptions {
  /** Channels, height and width of the images. */
  imageShape: readonly [channels: number, height: number, width: number];
  /** Number of images, or `dynamic` for any. Default `dynamic`. */
  batch?: number | "dynamic";
  /** Makes batch normalisation a part of the convolution before it. Default false. */
  fold?: boolean;
  /** Weights and computation in float16; what goes in and comes out stays float32. Default false. */
  float16?: boolean;
  /**
   * Puts `(pixel / 255 - mean) / std`, by channel, into the graph, whose input is then `pixels`, uint8 [N, H, W, C]. Default: the input is `images`, float32 [N, C, H, W], normalised by whoever runs it.
   */
  normalize?: { readonly mean: readonly number[]; readonly std: readonly number[] };
  /** Name of the graph. Default: the model's class. */
  name?: string;
  /** Texts that the file carries. Default none. */
  metadata?: Readonly<Record<string, string>>;
  /** What the file says made it. */
  producer?: { readonly name: string; readonly version: string };
}

/**
 * A model as an ONNX file of opset 17. Its output is `logits`, float32 [N, classes]; weights have their names in the state
 * dict. PyTorch: `torch.onnx.export`.
 *
 * @param model on the device; it is looked at in evaluation mode, and computes nothing
 * @throws UserError naming the op and the layer where one has no ONNX form, or follows from the number of images; TypeError
 * for unknown options.
 */
export async function exportOnnx(model: Model, options: ExportOnnxOptions): Promise<Uint8Array> {
  checkOptions<ExportOnnxOptions>("exportOnnx()", options, {
    ...{ imageShape: true, batch: true, fold: true, float16: true, normalize: true },
    ...{ name: true, metadata: true, producer: true },
  });
  const traced = tracedBatches(model, options);
  const contents = await contentsOf(model, traced);
  const { normalize, float16 = false } = options;
  const inner = normalize ? "normalized" : float16 ? "images.float16" : "images";
  const build = new GraphBuilder(traced, inner, contents);
  for (const op of traced.ops) build.add(op, RULES);
  const logits = build.name(traced.logits);
  let body: GraphBody = withoutUnused(build);
  if (options.fold) body = foldBatchNorm(body);
  if (float16) body = toFloat16(body);
  // Only who exports loads the package behind it.
  const { writeOnnx } = await import("../formats/onnx/write_onnx.ts");
  return writeOnnx({
    name: options.name ?? model.constructor.name,
    opset: OPSET,
    irVersion: IR_VERSION,
    producer: options.producer ?? { name: "wkd-for-deno", version: "" },
    metadata: options.metadata ?? {},
    graph: wholeGraph(body, traced, { inner, logits }, options),
  });
}

/** The forward pass in evaluation mode. */
function tracedBatches(
  model: Model,
  { imageShape, batch = "dynamic" }: ExportOnnxOptions,
): TracedGraph {
  const modes = [...model.modules()].map((module) => [module, module.training] as const);
  model.eval();
  try {
    if (batch !== "dynamic") {
      const trace = traceModel(model, [batch, ...imageShape]);
      return new TracedGraph(trace, trace);
    }
    const [first, second] = BATCHES.map((count) => traceModel(model, [count, ...imageShape]));
    return new TracedGraph(first, second);
  } finally {
    for (const [module, training] of modes) module.training = training;
  }
}

/** What the tensors hold that the model brings, by the ids of their values. */
async function contentsOf(model: Model, { ops, logits }: TracedGraph) {
  const state = model.stateDict();
  const wanted = new Map<number, Value>();
  const all = ops.flatMap(({ inputs, attributes }) => [...inputs, ...Object.values(attributes)]);
  for (const value of [...all, logits]) if (isValue(value)) wanted.set(value.id, value);
  const read = [...wanted.values()].map(async ({ id, source }): Promise<[number, HostArray][]> => {
    if (source.kind === "state") return [[id, await state.get(source.name)!.data()]];
    if (source.kind !== "tensor") return [];
    // One that was made in forward() by an op of its own kind is gone by now.
    if (source.tensor.disposed) {
      throw new UserError(`forward() uses an op on tensors of the model that has no ONNX form`);
    }
    return [[id, await source.tensor.data()]];
  });
  return new Map((await Promise.all(read)).flat());
}

/** The graph between what is given and `logits`. */
function wholeGraph(
  { nodes, initializers }: GraphBody,
  traced: TracedGraph,
  { inner, logits }: { inner: string; logits: string },
  { imageShape, batch = "dynamic", normalize, float16 }: ExportOnnxOptions,
): OnnxGraph {
  const count = batch === "dynamic" ? "batch" : batch;
  const [channels, height, width] = imageShape;
  const before = normalize ? normalization(normalize, inner, float16) : null;
  const input: OnnxValue = normalize
    ? { name: "pixels", type: "uint8", shape: [count, height, width, channels] }
    : { name: "images", type: "float", shape: [count, ...imageShape] };
  const casts = !normalize && float16
    ? [plainNode("Cast", ["images"], inner, { to: CAST.float16 })]
    : [];
  const sizes = traced.sizes(traced.logits).map((size) => size ?? "batch");
  return {
    inputs: [input],
    outputs: [{ name: "logits", type: "float", shape: sizes }],
    nodes: [...(before?.nodes ?? casts), ...endingInLogits(nodes, logits, float16)],
    initializers: new Map([...(before?.initializers ?? []), ...initializers]),
  };
}

function endingInLogits(nodes: readonly OnnxNode[], last: string, float16 = false): OnnxNode[] {
  if (float16) return [...nodes, plainNode("Cast", [last], "logits", { to: CAST.float })];
  if (!nodes.some(({ outputs }) => outputs.includes(last))) {
    return [...nodes, plainNode("Identity", [last], "logits")];
  }
  const renamed = (names: readonly string[]) =>
    names.map((name) => name === last ? "logits" : name);
  return nodes.map((node) => ({
    ...node,
    inputs: renamed(node.inputs),
    outputs: renamed(node.outputs),
  }));
}

/** From `pixels` to normalised images. */
function normalization(
  { mean, std }: NonNullable<ExportOnnxOptions["normalize"]>,
  to: string,
  float16 = false,
) {
  const constant = (values: readonly number[]): OnnxTensor => ({
    shape: [1, values.length, 1, 1],
    type: "float",
    data: Float32Array.from(values, (value) => 255 * value),
  });
  const [floats, planes, centered] = ["pixels.float", "pixels.planes", "pixels.centered"];
  const last = float16 ? "pixels.normalized" : to;
  const nodes = [
    plainNode("Cast", ["pixels"], floats, { to: CAST.float }),
    plainNode("Transpose", [floats], planes, { perm: { ints: [0, 3, 1, 2] } }),
    plainNode("Sub", [planes, "preprocessing.mean"], centered),
    plainNode("Div", [centered, "preprocessing.std"], last),
    ...(float16 ? [plainNode("Cast", [last], to, { to: CAST.float16 })] : []),
  ];
  const initializers = new Map([
    ["preprocessing.mean", constant(mean)],
    ["preprocessing.std", constant(std)],
  ]);
  return { nodes, initializers };
}

function plainNode(
  op: string,
  inputs: readonly string[],
  output: string,
  attributes: OnnxNode["attributes"] = {},
): OnnxNode {
  return { op, name: output, inputs, outputs: [output], attributes };
}
