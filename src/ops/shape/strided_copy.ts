import stridedCopyCode from "../../../kernels/index/strided_copy.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import { type DType, wordType } from "../../tensor/dtype.ts";
import { numel } from "../../tensor/shape.ts";
import type { Storage } from "../../tensor/storage.ts";
import { linearGrid } from "../grid.ts";
import { collapse, layoutParams, type StridedLayout } from "./strided_layout.ts";

const stridedCopyKernel = new Kernel("strided_copy", stridedCopyCode);

/**
 * Copies elements between two dense tensors, walking each with its own strides, off the tape.
 *
 * @param walk sizes to walk through, with the strides of `source` and then those of `target`.
 * @param starts first elements of `source` and of `target`. Default both 0.
 * @param dtype of both. Default one of 4 bytes.
 * @throws RangeError when the walk takes more than six dimensions.
 */
export function stridedCopy(
  source: Storage,
  target: Storage,
  walk: StridedLayout,
  starts: readonly [number, number] = [0, 0],
  dtype: DType = "float32",
): void {
  const collapsed = collapse(walk);
  const last = collapsed.sizes.length - 1;
  const repeats = collapsed.strides[0][last] === 0;
  const vector = collapsed.sizes[last] % 4 === 0 &&
    (repeats || isVector(collapsed.strides[0], starts[0])) &&
    isVector(collapsed.strides[1], starts[1]);
  const layout = vector ? inVectors(collapsed, repeats) : collapsed;
  const xStart = vector && !repeats ? starts[0] / 4 : starts[0];
  const yStart = vector ? starts[1] / 4 : starts[1];
  const total = numel(layout.sizes);
  source.gpu.dispatch(stridedCopyKernel, {
    bindings: { x: source, y: target },
    params: { ...layoutParams(layout, ["x", "y"]), total, xStart, yStart },
    values: {
      RANK: layout.sizes.length,
      X: vector && !repeats ? wordType(dtype, 4) : wordType(dtype, 1),
      T: vector ? wordType(dtype, 4) : wordType(dtype, 1),
    },
    workgroups: linearGrid(Math.ceil(total / 256)),
  });
}

/** Whether an operand can be walked four elements at a time: rows are dense and start at whole vec4. */
function isVector(strides: readonly number[], start: number): boolean {
  const last = strides.length - 1;
  return start % 4 === 0 &&
    strides.every((stride, d) => d === last ? stride === 1 : stride % 4 === 0);
}

function inVectors({ sizes, strides }: StridedLayout, repeats: boolean): StridedLayout {
  const last = sizes.length - 1;
  const quarters = (own: readonly number[]) => own.map((stride, d) => d === last ? 1 : stride / 4);
  return {
    sizes: sizes.map((size, d) => d === last ? size / 4 : size),
    strides: [repeats ? strides[0] : quarters(strides[0]), quarters(strides[1])],
  };
}
