import binaryCode from "../../../kernels/elementwise/binary.wgsl" with { type: "text" };
import broadcastCode from "../../../kernels/elementwise/binary_broadcast.wgsl" with {
  type: "text",
};
import { Kernel } from "../../gpu/kernel.ts";
import { Tensor } from "../../tensor/core.ts";
import { type DType, wgslFloat } from "../../tensor/dtype.ts";
import { broadcastShapes, sameShape, type Shape } from "../../tensor/shape.ts";
import { elementwiseGrid, linearGrid } from "../grid.ts";
import { reduceTo, sumTo } from "../reduce/sum_to.ts";
import {
  broadcastStrides,
  collapse,
  layoutParams,
  type StridedLayout,
} from "../shape/strided_layout.ts";

/** What an expression is computed from; dy, where it is given, has the shape of the result. */
interface Operands {
  /** Float tensor. */
  readonly a: Tensor;
  /** Tensor of the same dtype, or a number. */
  readonly b: Tensor | number;
  /** Gradient of the result. */
  readonly dy?: Tensor;
}

/** An expression of a, b and dy in WGSL over f32 or vec4f, computed element by element, off the tape. */
export class PairExpression {
  readonly #kernel: Kernel;
  readonly #broadcast: Kernel;
  readonly #reads: { readonly a: boolean; readonly b: boolean; readonly dy: boolean };

  /** Compiles nothing yet; kernels are called `name`. */
  constructor(name: string, readonly expression: string) {
    const reads = (operand: string) => new RegExp(`\\b${operand}\\b`).test(expression);
    this.#reads = { a: reads("a"), b: reads("b"), dy: reads("dy") };
    const fixed = { EXPRESSION: expression, DY: this.#reads.dy };
    this.#kernel = new Kernel(name, binaryCode, fixed);
    this.#broadcast = new Kernel(`${name}_broadcast`, broadcastCode, fixed);
  }

  /** Its value for operands of one type; of the dtype of `a` when none is given. */
  of({ a, b, dy }: Operands, dtype: DType = a.dtype): Tensor {
    const { gpu } = a;
    const reads = this.#reads;
    const read = [reads.a ? a : null, reads.b && typeof b !== "number" ? b : null] as const;
    const shape = dy?.shape ??
      (typeof b === "number" ? a.shape : broadcastShapes(a.shape, b.shape));
    if (read.some((each) => each && !sameShape(each.shape, shape))) {
      return this.#repeated(read, shape, dtype, dy);
    }
    const result = Tensor.result(gpu, shape, dtype);
    const number = reads.b && typeof b === "number";
    gpu.dispatch(this.#kernel, {
      bindings: { a_: read[0], b_: read[1], dy_: dy, result },
      params: number ? { number: b } : {},
      values: {
        A: reads.a,
        B: reads.b && !number,
        NUMBER: number,
        E: wgslFloat(a.dtype),
        R: wgslFloat(dtype),
      },
      workgroups: elementwiseGrid(result.numel),
    });
    return result;
  }

  /** Its value as the gradient of `input`: summed over the dimensions along which that is repeated. */
  gradient(input: Tensor, operands: Operands & { readonly dy: Tensor }): Tensor {
    const { dy } = operands;
    const { a, b } = this.#reads;
    if (a || b) return reduceTo(this.of(operands), input.shape);
    // Of dy alone: the sum goes first, since it leaves less to compute.
    const total = sumTo(dy, input.shape);
    if (this.expression === "dy") return total;
    const result = this.of({ a: total, b: 0, dy: total });
    if (total !== dy) total.dispose();
    return result;
  }

  #repeated(
    [a, b]: readonly [Tensor | null, Tensor | null],
    shape: Shape,
    dtype: DType,
    dy: Tensor | undefined,
  ): Tensor {
    const named = [["a", a], ["b", b]] as const;
    const names = named.flatMap(([name, tensor]) => tensor ? [name] : []);
    const strides = named.flatMap(([, each]) => each ? [broadcastStrides(each.shape, shape)] : []);
    const { layout, types, type } = vectorise(collapse({ sizes: shape, strides }));
    const { gpu, dtype: element } = (a ?? b)!;
    const result = Tensor.result(gpu, shape, dtype);
    const stored = (type: string, dtype: DType) =>
      type === "f32" ? wgslFloat(dtype) : `vec4<${wgslFloat(dtype)}>`;
    const typeOf = (name: "a" | "b") => types[names.indexOf(name)] ?? "f32";
    const steps = layout.sizes.reduce((product, size) => product * size, 1);
    gpu.dispatch(this.#broadcast, {
      bindings: { a_: a, b_: b, dy_: dy, result },
      params: layoutParams(layout, names),
      values: {
        RANK: layout.sizes.length,
        HASA: a !== null,
        HASB: b !== null,
        T: type,
        U: type === "f32" ? "u32" : "vec4u",
        BOOL: type === "f32" ? "bool" : "vec4<bool>",
        A: typeOf("a"),
        B: typeOf("b"),
        SA: stored(typeOf("a"), element),
        SB: stored(typeOf("b"), element),
        SDY: stored(type, element),
        SR: stored(type, dtype),
      },
      workgroups: linearGrid(Math.ceil(steps / 256)),
    });
    return result;
  }
}

/**
 * Four elements a step where the last dimension allows it. Dense operands walk it with stride 1, those
 * that repeat it with 0, and the other strides of the former are then multiples of four as well.
 */
function vectorise(
  layout: StridedLayout,
): { layout: StridedLayout; types: string[]; type: string } {
  const last = layout.sizes.length - 1;
  if (layout.sizes[last] % 4 !== 0) {
    return { layout, types: layout.strides.map(() => "f32"), type: "f32" };
  }
  const strides = layout.strides.map((own) =>
    own[last] === 0 ? own : own.map((stride, d) => d === last ? 1 : stride / 4)
  );
  const sizes = layout.sizes.map((size, d) => d === last ? size / 4 : size);
  const types = layout.strides.map((own) => own[last] === 0 ? "f32" : "vec4f");
  return { layout: { sizes, strides }, types, type: "vec4f" };
}
