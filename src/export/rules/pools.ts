import type { GraphBuilder, Rule } from "../graph_builder.ts";
import type { TracedOp } from "../traced_graph.ts";

type Pair = number | readonly [number, number];

function pair(value: Pair): readonly [number, number] {
  return typeof value === "number" ? [value, value] : value;
}

/** Windows of one direction. */
interface Windows {
  readonly kernel: number;
  readonly stride: number;
  readonly pad: number;
}

/** Padding behind the plane, so that exactly the windows fit that the engine has, also those of `ceilMode`. */
function padBehind({ kernel, stride, pad }: Windows, size: number, count: number): number {
  return (count - 1) * stride + kernel - size - pad;
}

function poolAttributes(windows: readonly Windows[], before: number[], behind: number[]) {
  return {
    kernel_shape: { ints: windows.map(({ kernel }) => kernel) },
    strides: { ints: windows.map(({ stride }) => stride) },
    pads: { ints: [...before, ...behind.map((pad) => Math.max(0, pad))] },
  };
}

const maxPool: Rule = (build, op) => {
  const kernel = build.attribute<Pair>(op, "kernelSize")!;
  const strides = pair(build.attribute<Pair>(op, "stride") ?? kernel);
  const pads = pair(build.attribute<Pair>(op, "padding") ?? 0);
  const windows = pair(kernel).map((size, i) => ({
    kernel: size,
    stride: strides[i],
    pad: pads[i],
  }));
  const [x] = op.inputs;
  const behind = windows.map((each, i) =>
    padBehind(each, x.shape[2 + i], op.outputs[0].shape[2 + i])
  );
  return build.node("MaxPool", [build.name(x)], poolAttributes(windows, [...pads], behind));
};

const avgPool: Rule = (build, op) => {
  const number = (name: string) => build.attribute<number>(op, name)!;
  const windows = ["Y", "X"].map((side) => ({
    kernel: number(`kernel${side}`),
    stride: number(`stride${side}`),
    pad: number(`pad${side}`),
  }));
  const pads = windows.map(({ pad }) => pad);
  const [x] = op.inputs;
  const behind = windows.map((each, i) =>
    padBehind(each, x.shape[2 + i], op.outputs[0].shape[2 + i])
  );
  const whole = number("wholeWindow") === 1;
  // Padding counts as zeros, but not what windows of ceilMode reach behind it: the former comes first.
  if (whole && behind.some((pad, i) => pad > pads[i])) {
    const zeros = build.ints([0, 0, ...pads, 0, 0, ...pads]);
    const padded = build.node("Pad", [build.name(x), zeros, build.scalar(0)]);
    const rest = behind.map((pad, i) => pad - pads[i]);
    return build.node("AveragePool", [padded], poolAttributes(windows, [0, 0], rest));
  }
  return build.node("AveragePool", [build.name(x)], {
    ...poolAttributes(windows, pads, behind),
    count_include_pad: { int: Number(whole) },
  });
};

/** Means over uneven windows are products with matrices of shares, one for each direction. */
const adaptiveAvgPool: Rule = (build, { inputs: [x], outputs: [y] }) => {
  const [height, width] = [2, 3].map((d) => shares(build, x.shape[d], y.shape[d], d === 3));
  return build.node("MatMul", [height, build.node("MatMul", [build.name(x), width])]);
};

/** [count, size], or its transpose: what each element is worth in each window. Source: `adaptive_avg_pool2d`. */
function shares(build: GraphBuilder, size: number, count: number, turned: boolean): string {
  const values = new Float32Array(size * count);
  for (let i = 0; i < count; i++) {
    const [start, end] = [Math.floor(i * size / count), Math.ceil((i + 1) * size / count)];
    for (let k = start; k < end; k++) {
      values[turned ? k * count + i : i * size + k] = 1 / (end - start);
    }
  }
  return build.floats(values, turned ? [size, count] : [count, size]);
}

/** Whether a mean is over the planes of images, whose sizes stay as 1. */
export function isGlobalAverage({ inputs: [x], outputs: [y] }: TracedOp, dims: readonly number[]) {
  return x.shape.length === 4 && y.shape.length === 4 && dims.join() === "2,3";
}

/** Windows over planes. */
export const POOLS: Readonly<Record<string, Rule>> = {
  max_pool2d: maxPool,
  avg_pool2d: avgPool,
  adaptive_avg_pool2d: adaptiveAvgPool,
};
