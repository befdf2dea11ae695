import castCode from "../../../kernels/elementwise/cast.wgsl" with { type: "text" };
import roundCode from "../../../kernels/elementwise/round_to_half.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import { track } from "../../tensor/autograd.ts";
import { Tensor } from "../../tensor/core.ts";
import { type FloatType, isFloat, wgslFloat } from "../../tensor/dtype.ts";
import { elementwiseGrid } from "../grid.ts";

const castKernel = new Kernel("cast", castCode);
const roundKernel = new Kernel("round_to_half", roundCode);

/**
 * `x` in another float type, rounded to the nearest; `x` itself when it has that type. The gradient is cast back.
 * Numbers beyond 65,504 become infinite in float16. PyTorch: `Tensor.to`.
 *
 * @param known the same again, whose memory is then shared
 * @throws TypeError for integers, GpuError for float16 where the adapter has no `shader-f16`.
 */
export function cast(x: Tensor, dtype: FloatType, known?: Tensor): Tensor {
  if (!isFloat(x.dtype)) throw new TypeError(`to() wants float tensors, not ${x.dtype}`);
  if (x.dtype === dtype) return x;
  const y = known?.alias() ?? castElements(x, dtype);
  return track("cast", [x], y, (dy) => [castElements(dy, x.dtype)]);
}

/** {@linkcode cast} off the tape; always a tensor of its own. */
export function castElements(x: Tensor, dtype: Tensor["dtype"]): Tensor {
  const y = Tensor.result(x.gpu, x.shape, dtype);
  x.gpu.dispatch(castKernel, {
    bindings: { x, y },
    values: { FROM: wgslFloat(x.dtype), TO: wgslFloat(dtype) },
    workgroups: elementwiseGrid(x.numel),
  });
  return y;
}

/** The numbers of a float32 tensor rounded to float16, in float32, off the tape. */
export function roundElements(x: Tensor): Tensor {
  const y = Tensor.result(x.gpu, x.shape);
  const workgroups = elementwiseGrid(x.numel);
  x.gpu.dispatch(roundKernel, { bindings: { x, y }, workgroups });
  return y;
}

/** The float32 and float16 ones of some tensors in their widest type, on the tape. PyTorch: type promotion. */
export function promote(a: Tensor, b: Tensor): [Tensor, Tensor] {
  if (a.dtype === b.dtype || !isFloat(a.dtype) || !isFloat(b.dtype)) return [a, b];
  return [cast(a, "float32"), cast(b, "float32")];
}
