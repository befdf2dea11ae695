import { addInPlace } from "../ops/elementwise/add_in_place.ts";
import {
  add,
  div,
  eq,
  ge,
  gt,
  le,
  lt,
  maximum,
  minimum,
  mul,
  ne,
  sub,
} from "../ops/elementwise/binary.ts";
import { cast } from "../ops/elementwise/cast.ts";
import { constantNumber, filled } from "../ops/elementwise/fill.ts";
import { gather } from "../ops/indexing/gather.ts";
import { checkDeviceIndices } from "../ops/indexing/require_indices.ts";
import { matmul } from "../ops/matmul/matmul.ts";
import { pow } from "../ops/elementwise/pow.ts";
import { argmax } from "../ops/reduce/argmax.ts";
import { max, min } from "../ops/reduce/max.ts";
import { norm } from "../ops/reduce/norm.ts";
import { mean, sum } from "../ops/reduce/sum.ts";
import { topk } from "../ops/reduce/topk.ts";
import { std, variance } from "../ops/reduce/variance.ts";
import { expand } from "../ops/shape/expand.ts";
import { index } from "../ops/shape/index.ts";
import { permute } from "../ops/shape/permute.ts";
import { reshape, squeeze, unsqueeze } from "../ops/shape/reshape.ts";
import { slice } from "../ops/shape/slice.ts";
import { logSoftmax, softmax } from "../ops/softmax/softmax.ts";
import {
  abs,
  clamp,
  exp,
  gelu,
  log,
  relu,
  relu6,
  sigmoid,
  silu,
  sqrt,
  tanh,
} from "../ops/elementwise/unary.ts";
import { type BackwardOptions, runBackward } from "./autograd.ts";
import { Tensor, type TensorMethods } from "./core.ts";
import { bytesOf, type HostArray, hostArray } from "./dtype.ts";
import { formatShape, normalizeDim, sameShape } from "./shape.ts";

export { Tensor, type TensorMethods } from "./core.ts";

/** The methods as functions: the class itself knows no op, so that ops can import it. */
type Methods = {
  [K in keyof TensorMethods]: (
    x: Tensor,
    ...args: Parameters<TensorMethods[K]>
  ) => ReturnType<TensorMethods[K]>;
};

const METHODS: Methods = {
  abs,
  accumulateGrad,
  add: plus,
  addInto,
  add_,
  argmax,
  at: index,
  backward,
  clamp,
  data,
  div,
  eq,
  exp,
  expand: (x, ...shape) => expand(x, shape),
  flatten,
  gather,
  ge,
  gelu,
  gt,
  item,
  le,
  log,
  logSoftmax: (x, dim = -1) => logSoftmax(x, dim),
  lt,
  matmul,
  max,
  maximum,
  mean,
  min,
  minimum,
  mul,
  ne,
  neg: (x) => mul(x, -1),
  norm,
  permute: (x, ...dims) => permute(x, dims),
  pow,
  relu,
  relu6,
  reshape: (x, ...shape) => reshape(x, shape),
  sigmoid,
  silu,
  slice,
  softmax: (x, dim = -1) => softmax(x, dim),
  sqrt,
  squeeze,
  std,
  sub,
  sum,
  tanh,
  to: cast,
  topk,
  transpose,
  unsqueeze,
  var: variance,
  view: (x, ...shape) => reshape(x, shape),
};

for (const [name, op] of Object.entries(METHODS)) {
  const value = function (this: Tensor, ...args: unknown[]) {
    return this.deferral?.join(name, args) ??
      (op as (x: Tensor, ...args: unknown[]) => unknown)(this, ...args);
  };
  Object.defineProperty(Tensor.prototype, name, { value, writable: true, configurable: true });
}

function backward(x: Tensor, options: BackwardOptions = {}): void {
  const { gpu, dtype, shape } = x;
  if (!x.requiresGrad) throw new Error("backward() of a tensor that needs no gradient");
  if (!options.gradient && x.numel !== 1) {
    throw new Error(`backward() of shape ${formatShape(shape)} needs a gradient`);
  }
  if (options.gradient && !sameShape(options.gradient.shape, shape)) {
    throw new Error(
      `gradient of shape ${formatShape(options.gradient.shape)} for a tensor of shape ` +
        formatShape(shape),
    );
  }
  if (options.gradient && options.gradient.dtype !== dtype) {
    throw new TypeError(`gradient of ${options.gradient.dtype} for a tensor of ${dtype}`);
  }
  const ones = () =>
    dtype === "float32" ? constantNumber(gpu, 1, shape) : filled(gpu, shape, 1, dtype);
  runBackward(x, options.gradient?.alias() ?? ones(), options);
}

function accumulateGrad(x: Tensor, gradient: Tensor): void {
  let own = x.grad ? addInto(x.grad, gradient) : gradient;
  if (!own.storage.exclusive) {
    // Memory that another tensor sees too must not change with this gradient.
    own = add(gradient, 0);
    gradient.dispose();
  }
  x.grad = own.keep();
}

/** The other one may wait to have this added to it. */
function plus(x: Tensor, other: Tensor | number): Tensor {
  const waiting = typeof other === "number" ? null : other.deferral;
  return waiting?.join("add", [x]) ?? add(x, other);
}

function addInto(x: Tensor, other: Tensor): Tensor {
  const result = x.storage.exclusive ? add_(x, other) : add(x, other);
  if (result !== x) x.dispose();
  other.dispose();
  return result;
}

function add_(x: Tensor, other: Tensor): Tensor {
  addInPlace(x, other);
  return x;
}

async function data({ dtype, numel, gpu, storage }: Tensor): Promise<HostArray> {
  const reading = gpu.read(storage, bytesOf(dtype, numel));
  const [bytes] = await Promise.all([reading, checkDeviceIndices(gpu)]);
  return hostArray(dtype, bytes, numel);
}

async function item(x: Tensor): Promise<number> {
  if (x.numel !== 1) throw new Error(`item() of shape ${formatShape(x.shape)}`);
  return (await data(x))[0];
}

function flatten(x: Tensor, startDim = 0): Tensor {
  const start = normalizeDim(startDim, x.ndim);
  return reshape(x, [...x.shape.slice(0, start), -1]);
}

function transpose(x: Tensor, a: number, b: number): Tensor {
  const dims = x.shape.map((_, i) => i);
  const [i, j] = [normalizeDim(a, x.ndim), normalizeDim(b, x.ndim)];
  [dims[i], dims[j]] = [j, i];
  return permute(x, dims);
}
