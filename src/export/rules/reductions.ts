import type { GraphBuilder, Rule } from "../graph_builder.ts";
import type { TracedOp } from "../traced_graph.ts";
import { isGlobalAverage } from "./pools.ts";

/** Indices are int32 in the engine. */
const INT32 = { to: { int: 6 } };

function dimsOf(build: GraphBuilder, op: TracedOp): readonly number[] {
  return build.attribute<readonly number[]>(op, "dims")!;
}

/** 1 where the reduced dimensions stay. */
function keeps({ inputs: [x], outputs: [y] }: TracedOp) {
  return { int: Number(x.shape.length === y.shape.length) };
}

const mean: Rule = (build, op) => {
  const dims = dimsOf(build, op);
  const x = build.name(op.inputs[0]);
  if (isGlobalAverage(op, dims)) return build.node("GlobalAveragePool", [x]);
  return build.node("ReduceMean", [x], { axes: { ints: dims }, keepdims: keeps(op) });
};

const sum: Rule = (build, op) => {
  const axes = build.ints(dimsOf(build, op));
  return build.node("ReduceSum", [build.name(op.inputs[0]), axes], { keepdims: keeps(op) });
};

/** The engine moves the dimensions to the end first, so what it keeps of them is a matter of the shape alone. */
function withoutDims(build: GraphBuilder, op: TracedOp, y: string): string {
  const [{ shape }] = op.inputs;
  const rank = shape.length - dimsOf(build, op).length;
  return op.outputs[0].shape.length === rank ? y : build.reshaped(y, op.outputs[0]);
}

const max: Rule = (build, op) => {
  const y = build.node("ReduceMax", [build.name(op.inputs[0])], {
    axes: { ints: dimsOf(build, op) },
    keepdims: { int: 0 },
  });
  return withoutDims(build, op, y);
};

const variance: Rule = (build, op) => {
  const x = build.name(op.inputs[0]);
  const axes = { ints: dimsOf(build, op) };
  const [count, divisor] = ["count", "divisor"].map((name) => build.attribute<number>(op, name)!);
  const center = build.node("ReduceMean", [x], { axes, keepdims: { int: 1 } });
  const distance = build.node("Sub", [x, center]);
  const squares = build.node("Mul", [distance, distance]);
  const biased = build.node("ReduceMean", [squares], { axes, keepdims: { int: 0 } });
  const y = build.node("Mul", [biased, build.scalar(count / divisor)]);
  return withoutDims(build, op, y);
};

const argmax: Rule = (build, op) => {
  const dim = build.attribute<number | null>(op, "dim")!;
  const x = build.name(op.inputs[0]);
  const flat = dim === null ? build.node("Reshape", [x, build.ints([-1])]) : x;
  const attributes = { axis: { int: dim ?? 0 }, keepdims: { int: 0 } };
  return build.node("Cast", [build.node("ArgMax", [flat], attributes)], INT32);
};

const topk: Rule = (build, op) => {
  const k = build.ints([build.attribute<number>(op, "k")!]);
  const [values, indices] = build.nodeOf("TopK", [build.name(op.inputs[0]), k], {
    axis: { int: build.attribute<number>(op, "dim")! },
    largest: { int: Number(build.attribute<boolean>(op, "largest")!) },
  }, 2);
  return [values, build.node("Cast", [indices], INT32)];
};

function alongAxis(node: string): Rule {
  return (build, op) =>
    build.node(node, [build.name(op.inputs[0])], {
      axis: { int: build.attribute<number>(op, "dim")! },
    });
}

/** Reductions over dimensions, and the soft-max. */
export const REDUCTIONS: Readonly<Record<string, Rule>> = {
  mean,
  sum,
  max,
  variance,
  argmax,
  topk,
  softmax: alongAxis("Softmax"),
  log_softmax: alongAxis("LogSoftmax"),
};
