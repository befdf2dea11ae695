import type { Tensor } from "../../tensor/tensor.ts";
import { castElements } from "../cast.ts";
import { takeIn } from "../take_as.ts";
import type { ConvKernels } from "./variants.ts";

/**
 * Kernels that know float32 alone, for float16 as well: on copies in float32, with the weight rounded to float16, and
 * the result rounded at the end. On software adapters a kernel that reads float16 takes many times as long to compile,
 * and reads no faster.
 */
export function inFloat32(kernels: ConvKernels): ConvKernels {
  return {
    forward: (x, weight, bias, g) =>
      widened([x], weight, x.dtype, ([wide], w) => kernels.forward(wide, w, bias, g)),
    inputGrad: (dy, weight, g) =>
      widened([dy], weight, dy.dtype, ([wide], w) => kernels.inputGrad(wide, w, g)),
    weightGrad: (x, dy, g) =>
      widened([x, dy], null, "float32", ([wideX, wideDy]) => kernels.weightGrad(wideX, wideDy, g)),
  };
}

/** `run` on float32 copies where `tensors` are float16; its result becomes `dtype`. */
function widened(
  tensors: readonly Tensor[],
  weight: Tensor | null,
  dtype: Tensor["dtype"],
  run: (wide: readonly Tensor[], weight: Tensor) => Tensor,
): Tensor {
  if (tensors[0].dtype === "float32") return run(tensors, weight!);
  const wide = tensors.map((each) => castElements(each, "float32"));
  const rounded = weight && takeIn(castElements(weight, "float16"), "float32");
  const result = takeIn(run(wide, rounded!), dtype);
  for (const each of wide) each.dispose();
  rounded?.dispose();
  return result;
}
