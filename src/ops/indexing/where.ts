import code from "../../../kernels/elementwise/where.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import { track } from "../../tensor/autograd.ts";
import { Tensor } from "../../tensor/core.ts";
import { type DType, wordType } from "../../tensor/dtype.ts";
import { broadcastShapes, sameShape, type Shape } from "../../tensor/shape.ts";
import { promote } from "../elementwise/cast.ts";
import { filled } from "../elementwise/fill.ts";
import { linearGrid } from "../grid.ts";
import { reduceTo } from "../reduce/sum_to.ts";
import { expand } from "../shape/expand.ts";

const whereKernel = new Kernel("where", code);

const CONDITION_TYPES: Readonly<Record<DType, string>> = {
  float32: "f32",
  float16: "f16",
  int32: "i32",
  uint32: "u32",
};

/**
 * `a` where `condition` is not zero, else `b`, element by element; shapes broadcast. No gradient comes from the side that
 * was not taken, whatever it holds. PyTorch: `torch.where`.
 *
 * @param condition any dtype
 * @param a a tensor, or a number of the other's dtype (float32 for two numbers)
 * @param b the same
 * @throws TypeError when the dtypes differ; RangeError when the shapes do not broadcast.
 */
export function where(condition: Tensor, a: Tensor | number, b: Tensor | number): Tensor {
  const { gpu: device } = condition;
  const dtype = a instanceof Tensor ? a.dtype : b instanceof Tensor ? b.dtype : "float32";
  const made: Tensor[] = [];
  const tensorOf = (value: Tensor | number) => {
    if (value instanceof Tensor) return value;
    made.push(filled(device, [], value, dtype));
    return made[made.length - 1];
  };
  const [yes, no] = promote(tensorOf(a), tensorOf(b));
  if (yes.dtype !== no.dtype) {
    throw new TypeError(`where() of ${yes.dtype} and ${no.dtype}; the dtypes must be the same`);
  }
  const shape = broadcastShapes(condition.shape, broadcastShapes(yes.shape, no.shape));
  const mask = spread(condition.detach(), shape);
  const y = pick(mask, yes, no, shape);
  const saved = [mask];
  const zero = () => filled(device, [], 0, y.dtype);
  return track(["where", { mask }], [yes, no], freed(y, made), (dy) => {
    const none = zero();
    const gradient = (from: Tensor, taken: Tensor, left: Tensor) =>
      from.requiresGrad ? reduceTo(pick(mask, taken, left, shape), from.shape) : null;
    const gradients = [gradient(yes, dy, none), gradient(no, none, dy)];
    none.dispose();
    return gradients;
  }, saved);
}

/** Frees what only the forward pass needed. */
function freed(y: Tensor, made: readonly Tensor[]): Tensor {
  for (const each of made) each.dispose();
  return y;
}

/** Off the tape; `a` and `b` of one element are not repeated in memory. */
function pick(mask: Tensor, a: Tensor, b: Tensor, shape: Shape): Tensor {
  const y = Tensor.result(mask.gpu, shape, a.dtype);
  const [yes, no] = [a, b].map((each) => each.numel === 1 ? each.alias() : spread(each, shape));
  mask.gpu.dispatch(whereKernel, {
    bindings: {
      condition: mask,
      a: yes,
      b: no,
      y,
    },
    params: { total: y.numel },
    values: {
      T: wordType(a.dtype, 1),
      C: CONDITION_TYPES[mask.dtype],
      ONE_A: Number(a.numel === 1),
      ONE_B: Number(b.numel === 1),
    },
    workgroups: linearGrid(Math.ceil(y.numel / 256)),
  });
  yes.dispose();
  no.dispose();
  return y;
}

function spread(x: Tensor, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? x.alias() : expand(x.detach(), shape);
}
