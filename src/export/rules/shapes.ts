import type { GraphBuilder, Rule } from "../graph_builder.ts";
import { dependsOnBatch, describeOp, type TracedOp, type Value } from "../traced_graph.ts";

/** What `Slice` takes of one dimension. */
interface Range {
  readonly dim: number;
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

function sliced(build: GraphBuilder, x: string, ranges: readonly Range[]): string {
  if (ranges.length === 0) return x;
  const list = (of: (range: Range) => number) => build.ints(ranges.map(of));
  return build.node("Slice", [
    x,
    list(({ start }) => start),
    list(({ end }) => end),
    list(({ dim }) => dim),
    list(({ step }) => step),
  ]);
}

const slice: Rule = (build, op) => {
  const [x] = op.inputs;
  if (sameSizes(build, x, op.outputs[0])) return build.name(x);
  const [dim, start, end] = ["dim", "from", "to"].map((name) => build.attribute<number>(op, name)!);
  return sliced(build, build.name(x), [{ dim, start, end, step: 1 }]);
};

/** What `at()` takes of one dimension, as `src/ops/shape/index.ts` has it. */
interface Part {
  readonly start: number;
  readonly step: number;
  readonly count: number;
  readonly gone: boolean;
}

const index: Rule = (build, op) => {
  const [x] = op.inputs;
  const sizes = build.sizes(x);
  const parts = op.attributes.parts as readonly Part[];
  const ranges = parts.flatMap(({ start, step, count }, dim) => {
    if (count === x.shape[dim]) return [];
    if (sizes[dim] === null) throw dependsOnBatch(`what ${describeOp(op)} takes of the images`);
    return [{ dim, start, end: start + (count - 1) * step + 1, step }];
  });
  const part = sliced(build, build.name(x), ranges);
  return parts.some(({ gone }) => gone) ? build.reshaped(part, op.outputs[0]) : part;
};

/** Repeats what has the size 1; ONNX keeps the size where 1 is asked for. */
const expand: Rule = (build, op) => {
  const [from, to] = [build.sizes(op.inputs[0]), build.sizes(op.outputs[0])];
  const missing = to.length - from.length;
  const shape = to.map((size, d) => d >= missing && from[d - missing] === size ? 1 : size);
  const x = build.name(op.inputs[0]);
  return shape.every((size) => size === 1) && missing === 0
    ? x
    : build.node("Expand", [x, build.shapeOf(op.outputs[0], shape)]);
};

const pad: Rule = (build, op) => {
  const [left, right, top, bottom] = build.attribute<readonly number[]>(op, "padding")!;
  const [x] = op.inputs;
  const others = x.shape.slice(2).map(() => 0);
  const pads = build.ints([...others, top, left, ...others, bottom, right]);
  const value = build.scalar(build.attribute<number>(op, "value")!);
  return build.node("Pad", [build.name(x), pads, value]);
};

const upsampleNearest: Rule = (build, op) => {
  const scale = build.attribute<number>(op, "scale")!;
  const scales = build.floats([1, 1, scale, scale], [4]);
  return build.node("Resize", [build.name(op.inputs[0]), "", scales], {
    mode: { string: "nearest" },
    coordinate_transformation_mode: { string: "asymmetric" },
    nearest_mode: { string: "floor" },
  });
};

function gathered(node: string): Rule {
  return (build, op) => {
    const at = build.name(build.attribute<Value>(op, "index")!);
    const axis = build.attribute<number>(op, "dim")!;
    return build.node(node, [build.name(op.inputs[0]), at], { axis: { int: axis } });
  };
}

const oneHot: Rule = (build, op) => {
  const at = build.node("Cast", [build.name(op.inputs[0])], { to: { int: 7 } });
  const depth = build.ints([build.attribute<number>(op, "classes")!]);
  return build.node("OneHot", [at, depth, build.floats([0, 1], [2])]);
};

function sameSizes(build: GraphBuilder, a: Value, b: Value): boolean {
  return build.sizes(a).join() === build.sizes(b).join();
}

const reshape: Rule = (build, { inputs: [x], outputs: [y] }: TracedOp) =>
  sameSizes(build, x, y) ? build.name(x) : build.reshaped(build.name(x), y);

/** Shapes and indices. */
export const SHAPES: Readonly<Record<string, Rule>> = {
  reshape,
  permute: (build, op) =>
    build.node("Transpose", [build.name(op.inputs[0])], {
      perm: { ints: build.attribute<readonly number[]>(op, "order")! },
    }),
  slice,
  index,
  expand,
  pad,
  cat: (build, op) =>
    build.node("Concat", op.inputs.map((each) => build.name(each)), {
      axis: { int: build.attribute<number>(op, "dim")! },
    }),
  upsample_nearest: upsampleNearest,
  gather: gathered("GatherElements"),
  index_select: gathered("Gather"),
  one_hot: oneHot,
};
