import type { GraphBuilder, Rule } from "../graph_builder.ts";
import type { TracedOp } from "../traced_graph.ts";

/** `TensorProto.DataType` as `Cast` takes it. Source: onnx.proto3. */
const CAST_TO = { float32: { int: 1 }, int32: { int: 6 }, bool: { int: 9 }, float16: { int: 10 } };

/** A node of one input. */
function unary(op: string): Rule {
  return (build, { inputs: [x] }) => build.node(op, [build.name(x)]);
}

/** A node of two inputs, of which the second may be a number. */
function binary(op: string): Rule {
  return (build, traced) => build.node(op, operands(build, traced));
}

function operands(build: GraphBuilder, op: TracedOp): [string, string] {
  const [a, b] = op.inputs;
  const number = build.attribute<number>(op, "b");
  return [build.name(a), b ? build.name(b) : build.scalar(number!)];
}

/** 1 or 0. */
function comparison(op: string, negated = false): Rule {
  return (build, traced) => {
    const holds = build.node(op, operands(build, traced));
    const wanted = negated ? build.node("Not", [holds]) : holds;
    return build.node("Cast", [wanted], { to: CAST_TO.float32 });
  };
}

function clip(build: GraphBuilder, x: string, low: number, high: number): string {
  const bound = (value: number) => Number.isFinite(value) ? build.scalar(value) : "";
  const bounds = [bound(low), bound(high)];
  return build.node("Clip", bounds[1] ? [x, ...bounds] : [x, bounds[0]].filter(Boolean));
}

/** `x / 2 (1 + inner)` */
function halfOf(build: GraphBuilder, x: string, inner: string): string {
  const share = build.node("Add", [inner, build.scalar(1)]);
  return build.node("Mul", [build.node("Mul", [x, share]), build.scalar(0.5)]);
}

const gelu: Rule = (build, { inputs: [input] }) => {
  const x = build.name(input);
  const scaled = build.node("Mul", [x, build.scalar(Math.SQRT1_2)]);
  return halfOf(build, x, build.node("Erf", [scaled]));
};

/** `x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))`. PyTorch: `gelu(approximate="tanh")`. */
const geluTanh: Rule = (build, { inputs: [input] }) => {
  const x = build.name(input);
  const square = build.node("Mul", [x, x]);
  const bend = build.node("Mul", [square, build.scalar(0.044715 * Math.sqrt(2 / Math.PI))]);
  const slope = build.node("Add", [bend, build.scalar(Math.sqrt(2 / Math.PI))]);
  return halfOf(build, x, build.node("Tanh", [build.node("Mul", [x, slope])]));
};

const silu: Rule = (build, { inputs: [input] }) => {
  const x = build.name(input);
  return build.node("Mul", [x, build.node("Sigmoid", [x])]);
};

/** The ops that work element by element. */
export const ELEMENTWISE: Readonly<Record<string, Rule>> = {
  abs: unary("Abs"),
  exp: unary("Exp"),
  log: unary("Log"),
  relu: unary("Relu"),
  sigmoid: unary("Sigmoid"),
  sqrt: unary("Sqrt"),
  tanh: unary("Tanh"),
  relu6: (build, { inputs: [x] }) => clip(build, build.name(x), 0, 6),
  clamp: (build, op) =>
    clip(
      build,
      build.name(op.inputs[0]),
      build.attribute<number>(op, "low")!,
      build.attribute<number>(op, "high")!,
    ),
  gelu,
  gelu_tanh: geluTanh,
  silu,
  pow: (build, op) => {
    const exponent = build.scalar(build.attribute<number>(op, "scale")!);
    return build.node("Pow", [build.name(op.inputs[0]), exponent]);
  },
  add: binary("Add"),
  sub: binary("Sub"),
  mul: binary("Mul"),
  div: binary("Div"),
  maximum: binary("Max"),
  minimum: binary("Min"),
  lt: comparison("Less"),
  le: comparison("LessOrEqual"),
  gt: comparison("Greater"),
  ge: comparison("GreaterOrEqual"),
  eq: comparison("Equal"),
  ne: comparison("Equal", true),
  where: (build, op) => {
    const [yes, no] = op.inputs.map((each) => build.name(each));
    const mask = build.name(build.attribute(op, "mask")!);
    const condition = build.node("Cast", [mask], { to: CAST_TO.bool });
    return build.node("Where", [condition, yes, no]);
  },
  cast: (build, { inputs: [x], outputs: [{ dtype }] }) =>
    build.node("Cast", [build.name(x)], { to: CAST_TO[dtype as keyof typeof CAST_TO] }),
};
