import binaryCode from "../../kernels/elementwise/binary.wgsl" with { type: "text" };
import broadcastCode from "../../kernels/elementwise/binary_broadcast.wgsl" with { type: "text" };
import { Kernel } from "../gpu/kernel.ts";
import { wgslFloat } from "../tensor/dtype.ts";
import { broadcastShapes, sameShape } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import { elementwiseGrid, linearGrid } from "./grid.ts";
import { broadcastStrides, collapse, layoutParams, type StridedLayout } from "./strided_layout.ts";

const binaryKernel = new Kernel("binary", binaryCode);
const broadcastKernel = new Kernel("binary_broadcast", broadcastCode);

/**
 * What {@linkcode binary} knows; `maximum` and `minimum` are NaN where one is, and `share` is 1 where `a > b` or one is
 * NaN, a half where they are equal, else 0.
 */
export type BinaryOperator = "+" | "-" | "*" | "/" | "maximum" | "minimum" | "share";

/**
 * `a OP b`, element by element, off the tape; shapes broadcast. Both are float32, or both float16.
 *
 * @throws RangeError when the shapes do not broadcast, or take more than six dimensions to walk.
 */
export function binary(operator: BinaryOperator, a: Tensor, b: Tensor | number): Tensor {
  const values = { OP: operator, CALL: operator.length > 1 };
  const number = typeof b === "number";
  if (!number && !sameShape(a.shape, b.shape)) return broadcast(values, a, b);
  const y = Tensor.result(a.gpu, a.shape, a.dtype);
  const bindings = { a: a.storage, y: y.storage };
  a.gpu.dispatch(binaryKernel, {
    bindings: number ? bindings : { ...bindings, b: b.storage },
    params: number ? { number: b } : {},
    values: { ...values, NUMBER: number, E: wgslFloat(a.dtype) },
    workgroups: elementwiseGrid(a.numel),
  });
  return y;
}

function broadcast(values: { OP: string; CALL: boolean }, a: Tensor, b: Tensor): Tensor {
  const shape = broadcastShapes(a.shape, b.shape);
  const strides = [broadcastStrides(a.shape, shape), broadcastStrides(b.shape, shape)];
  const { layout, types } = vectorise(collapse({ sizes: shape, strides }));
  const y = Tensor.result(a.gpu, shape, a.dtype);
  const element = wgslFloat(a.dtype);
  const stored = (type: string) => type === "f32" ? element : `vec4<${element}>`;
  const steps = layout.sizes.reduce((product, size) => product * size, 1);
  a.gpu.dispatch(broadcastKernel, {
    bindings: { a: a.storage, b: b.storage, y: y.storage },
    params: layoutParams(layout, ["a", "b"]),
    values: {
      ...values,
      RANK: layout.sizes.length,
      T: types[2],
      U: types[2] === "f32" ? "u32" : "vec4u",
      A: types[0],
      B: types[1],
      ST: stored(types[2]),
      SA: stored(types[0]),
      SB: stored(types[1]),
    },
    workgroups: linearGrid(Math.ceil(steps / 256)),
  });
  return y;
}

/**
 * Four elements a step where the last dimension allows it. Dense operands walk it with stride 1, those
 * that repeat it with 0, and the other strides of the former are then multiples of four as well.
 */
function vectorise(layout: StridedLayout): { layout: StridedLayout; types: string[] } {
  const last = layout.sizes.length - 1;
  if (layout.sizes[last] % 4 !== 0) return { layout, types: ["f32", "f32", "f32"] };
  const strides = layout.strides.map((own) =>
    own[last] === 0 ? own : own.map((stride, d) => d === last ? 1 : stride / 4)
  );
  const sizes = layout.sizes.map((size, d) => d === last ? size / 4 : size);
  const types = layout.strides.map((own) => own[last] === 0 ? "f32" : "vec4f");
  return { layout: { sizes, strides }, types: [...types, "vec4f"] };
}
