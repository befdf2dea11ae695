import { requireHalf } from "../gpu/require_half.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { add, div, eq, ge, gt, le, lt, maximum, minimum, mul, ne, sub } from "../ops/binary.ts";
import { addInPlace } from "../ops/add_in_place.ts";
import { argmax } from "../ops/argmax.ts";
import { cast } from "../ops/cast.ts";
import { expand } from "../ops/expand.ts";
import { gather } from "../ops/gather.ts";
import { type Index, index } from "../ops/index.ts";
import { logSoftmax } from "../ops/log_softmax.ts";
import { matmul, type MatmulOptions } from "../ops/matmul.ts";
import { max } from "../ops/max.ts";
import { mean } from "../ops/mean.ts";
import { checkDeviceIndices } from "../ops/require_indices.ts";
import { min } from "../ops/min.ts";
import { norm, type NormOptions } from "../ops/norm.ts";
import { permute } from "../ops/permute.ts";
import { pow } from "../ops/pow.ts";
import { reshape } from "../ops/reshape.ts";
import { slice } from "../ops/slice.ts";
import { softmax } from "../ops/softmax.ts";
import { squeeze, unsqueeze } from "../ops/squeeze.ts";
import { std } from "../ops/std.ts";
import { type ReduceOptions, sum, type SumOptions } from "../ops/sum.ts";
import { type TopK, topk, type TopKOptions } from "../ops/topk.ts";
import {
  abs,
  clamp,
  exp,
  gelu,
  type GeluOptions,
  log,
  relu,
  relu6,
  sigmoid,
  silu,
  sqrt,
  tanh,
} from "../ops/unary.ts";
import { variance, type VarianceOptions } from "../ops/variance.ts";
import { type BackwardOptions, type Node, runBackward } from "./autograd.ts";
import { full } from "./create.ts";
import {
  bytesOf,
  deviceArray,
  type DType,
  type FloatType,
  type HostArray,
  hostArray,
  hostDType,
  isFloat,
} from "./dtype.ts";
import { registerCreated, registerResult, unregister } from "./scope.ts";
import { checkShape, formatShape, normalizeDim, numel, sameShape, type Shape } from "./shape.ts";
import { Storage } from "./storage.ts";

/**
 * A dense row-major array on the device that remembers how it was made.
 *
 * Results of ops are freed when the scope or the training step that made them ends; `keep()` a result
 * to hold it longer. Names and meanings follow PyTorch.
 */
export class Tensor {
  /** Gradient of the last `backward()`, for leaves that want one. */
  grad: Tensor | null = null;
  #storage: Storage;
  #node: Node | null = null;
  #requiresGrad = false;
  #disposed = false;
  #graphFreed = false;

  private constructor(storage: Storage, readonly shape: Shape, readonly dtype: DType) {
    if (dtype === "float16") requireHalf(storage.gpu);
    this.#storage = storage;
  }

  /** An uninitialised result of an op, in the current scope. */
  static result(gpu: Gpu, shape: Shape, dtype: DType = "float32"): Tensor {
    checkShape(shape);
    const tensor = new Tensor(Storage.allocate(gpu, bytesOf(dtype, numel(shape))), shape, dtype);
    registerResult(tensor);
    return tensor;
  }

  /** A tensor over given memory that lives until `dispose()` or the end of an explicit scope. */
  static created(storage: Storage, shape: Shape, dtype: DType = "float32"): Tensor {
    const tensor = new Tensor(storage, shape, dtype);
    registerCreated(tensor);
    return tensor;
  }

  /** Device memory. Throws when the tensor was freed. */
  get storage(): Storage {
    if (!this.#disposed) return this.#storage;
    const shape = formatShape(this.shape);
    throw new Error(
      `a tensor of shape ${shape} was used after it was freed; results are freed when their step ` +
        `or scope ends, keep() those that are needed longer`,
    );
  }

  /** Device the elements are on. */
  get gpu(): Gpu {
    return this.#storage.gpu;
  }

  /** Number of dimensions. */
  get ndim(): number {
    return this.shape.length;
  }

  /** Number of elements. */
  get numel(): number {
    return numel(this.shape);
  }

  /** Size of a dimension; negative ones count from the back. */
  size(dim: number): number {
    return this.shape[normalizeDim(dim, this.ndim)];
  }

  /** Whether a gradient is wanted. Settable on leaves. */
  get requiresGrad(): boolean {
    return this.#requiresGrad;
  }

  set requiresGrad(value: boolean) {
    if (this.#node) throw new Error("requiresGrad can be set on leaves only; use detach()");
    if (value && !isFloat(this.dtype)) {
      throw new TypeError(`gradients exist for floats only, not for ${this.dtype}`);
    }
    this.#requiresGrad = value;
  }

  /** The op that made this tensor, when it is on the tape. */
  get node(): Node | null {
    return this.#node;
  }

  /** Puts the tensor on the tape as an output of `node`. For ops. */
  attach(node: Node): void {
    this.#node = node;
    this.#requiresGrad = true;
  }

  /** Whether a backward pass took the tensor off the tape. */
  get graphFreed(): boolean {
    return this.#graphFreed;
  }

  /** Takes the tensor off the tape. For the autograd engine. */
  clearGraph(): void {
    this.#node = null;
    this.#graphFreed = true;
  }

  /**
   * Adds the gradient of this tensor to the `.grad` of every leaf it was made from.
   *
   * @throws Error when there is no tape, when a backward pass before freed a part of it, or when the tensor has more
   * than one element and no gradient is given.
   */
  backward(options: BackwardOptions = {}): void {
    if (!this.#requiresGrad) throw new Error("backward() of a tensor that needs no gradient");
    if (!options.gradient && this.numel !== 1) {
      throw new Error(`backward() of shape ${formatShape(this.shape)} needs a gradient`);
    }
    if (options.gradient && !sameShape(options.gradient.shape, this.shape)) {
      throw new Error(
        `gradient of shape ${formatShape(options.gradient.shape)} for a tensor of shape ` +
          formatShape(this.shape),
      );
    }
    const { gpu: device, dtype } = this;
    if (options.gradient && options.gradient.dtype !== dtype) {
      throw new TypeError(`gradient of ${options.gradient.dtype} for a tensor of ${dtype}`);
    }
    const seed = options.gradient?.alias() ?? full(this.shape, 1, { device, dtype });
    runBackward(this, seed, options);
  }

  /** Adds to `.grad`; takes the tensor over. For the autograd engine. */
  accumulateGrad(gradient: Tensor): void {
    let own = this.grad ? this.grad.addInto(gradient) : gradient;
    if (!own.storage.exclusive) {
      // Memory that another tensor sees too must not change with this gradient.
      own = add(gradient, 0);
      gradient.dispose();
    }
    this.grad = own.keep();
  }

  /** `this + other`, in place when nothing else sees this memory; takes both over. */
  addInto(other: Tensor): Tensor {
    const result = this.#storage.exclusive ? this.add_(other) : add(this, other);
    if (result !== this) this.dispose();
    other.dispose();
    return result;
  }

  /** A second handle on the same memory, off the tape. PyTorch: `Tensor.detach()`. */
  detach(): Tensor {
    return this.alias();
  }

  /** A second handle on the same memory with another shape of as many elements. For ops. */
  alias(shape: Shape = this.shape): Tensor {
    const tensor = new Tensor(this.storage.retain(), shape, this.dtype);
    registerResult(tensor);
    return tensor;
  }

  /** Copies the elements into other memory and views that from now on. For optimisers. */
  moveTo(storage: Storage): void {
    this.gpu.copy(this.storage, storage, bytesOf(this.dtype, this.numel));
    this.#storage.release();
    this.#storage = storage;
  }

  /** Keeps the tensor alive after its scope or step, until `dispose()`. */
  keep(): this {
    unregister(this);
    return this;
  }

  /** Frees the tensor now. Harmless when it was freed before. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    unregister(this);
    this.#storage.release();
  }

  /** Whether the tensor was freed. */
  get disposed(): boolean {
    return this.#disposed;
  }

  /** So that `using x = ...` frees it. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /**
   * Reads the elements back, row-major; float16 as float32.
   *
   * @throws RangeError when an op was given indices, computed on the device, that are out of range.
   */
  async data(): Promise<HostArray> {
    const { dtype, numel, gpu } = this;
    const reading = gpu.read(this.storage, bytesOf(dtype, numel));
    const [bytes] = await Promise.all([reading, checkDeviceIndices(gpu)]);
    return hostArray(dtype, bytes, numel);
  }

  /** Reads one number back. */
  async item(): Promise<number> {
    if (this.numel !== 1) throw new Error(`item() of shape ${formatShape(this.shape)}`);
    return (await this.data())[0];
  }

  /** Overwrites the elements from host memory, in place. PyTorch: `Tensor.copy_`. */
  copy_(values: HostArray): this {
    if (hostDType(values) !== (this.dtype === "float16" ? "float32" : this.dtype)) {
      throw new TypeError(`copy_() of ${hostDType(values)} numbers to a tensor of ${this.dtype}`);
    }
    if (values.length !== this.numel) {
      throw new RangeError(
        `${values.length} numbers do not fill a tensor of shape ${formatShape(this.shape)}`,
      );
    }
    if (!isFloat(this.dtype)) this.storage.writeIntegers(values.slice());
    this.gpu.upload(this.storage, deviceArray(values, this.dtype));
    return this;
  }

  /** Sets the elements to zero, in place. PyTorch: `Tensor.zero_`. */
  zero_(): this {
    if (!isFloat(this.dtype)) this.storage.writeIntegers([0]);
    const { buffer, offset } = this.storage;
    this.gpu.clear({ buffer, offset, size: bytesOf(this.dtype, this.numel) });
    return this;
  }

  /** `this += other` of the same shape, in place, outside of the tape. PyTorch: `Tensor.add_`. */
  add_(other: Tensor): this {
    addInPlace(this, other);
    return this;
  }

  /** The elements in another float type, rounded to it. PyTorch: `Tensor.to`. */
  to(dtype: FloatType): Tensor {
    return cast(this, dtype);
  }

  /** `this + other`, broadcast. PyTorch: `torch.add`. */
  add(other: Tensor | number): Tensor {
    return add(this, other);
  }

  /** `this - other`, broadcast. PyTorch: `torch.sub`. */
  sub(other: Tensor | number): Tensor {
    return sub(this, other);
  }

  /** `this * other`, broadcast. PyTorch: `torch.mul`. */
  mul(other: Tensor | number): Tensor {
    return mul(this, other);
  }

  /** `this / other`, broadcast. PyTorch: `torch.div`. */
  div(other: Tensor | number): Tensor {
    return div(this, other);
  }

  /** The larger of both, broadcast. PyTorch: `torch.maximum`. */
  maximum(other: Tensor): Tensor {
    return maximum(this, other);
  }

  /** The smaller of both, broadcast. PyTorch: `torch.minimum`. */
  minimum(other: Tensor): Tensor {
    return minimum(this, other);
  }

  /** 1 where `this < other`, else 0. PyTorch: `torch.lt`. */
  lt(other: Tensor | number): Tensor {
    return lt(this, other);
  }

  /** 1 where `this <= other`, else 0. PyTorch: `torch.le`. */
  le(other: Tensor | number): Tensor {
    return le(this, other);
  }

  /** 1 where `this > other`, else 0. PyTorch: `torch.gt`. */
  gt(other: Tensor | number): Tensor {
    return gt(this, other);
  }

  /** 1 where `this >= other`, else 0. PyTorch: `torch.ge`. */
  ge(other: Tensor | number): Tensor {
    return ge(this, other);
  }

  /** 1 where `this == other`, else 0. PyTorch: `torch.eq`. */
  eq(other: Tensor | number): Tensor {
    return eq(this, other);
  }

  /** 1 where `this != other`, else 0. PyTorch: `torch.ne`. */
  ne(other: Tensor | number): Tensor {
    return ne(this, other);
  }

  /** `-this`. PyTorch: `torch.neg`. */
  neg(): Tensor {
    return mul(this, -1);
  }

  /** `this ** exponent`. PyTorch: `torch.pow`. */
  pow(exponent: number): Tensor {
    return pow(this, exponent);
  }

  /** Absolute values. PyTorch: `torch.abs`. */
  abs(): Tensor {
    return abs(this);
  }

  /** `e ** this`. PyTorch: `torch.exp`. */
  exp(): Tensor {
    return exp(this);
  }

  /** Natural logarithms. PyTorch: `torch.log`. */
  log(): Tensor {
    return log(this);
  }

  /** Square roots. PyTorch: `torch.sqrt`. */
  sqrt(): Tensor {
    return sqrt(this);
  }

  /** `max(this, 0)`. PyTorch: `torch.relu`. */
  relu(): Tensor {
    return relu(this);
  }

  /** `min(max(this, 0), 6)`. PyTorch: `torch.nn.functional.relu6`. */
  relu6(): Tensor {
    return relu6(this);
  }

  /** `1 / (1 + exp(-this))`. PyTorch: `torch.sigmoid`. */
  sigmoid(): Tensor {
    return sigmoid(this);
  }

  /** Hyperbolic tangents. PyTorch: `torch.tanh`. */
  tanh(): Tensor {
    return tanh(this);
  }

  /** `this * Phi(this)`, Phi the normal distribution. PyTorch: `torch.nn.functional.gelu`. */
  gelu(options?: GeluOptions): Tensor {
    return gelu(this, options);
  }

  /** `this / (1 + exp(-this))`. PyTorch: `torch.nn.functional.silu`. */
  silu(): Tensor {
    return silu(this);
  }

  /** Values kept within [min, max]. PyTorch: `torch.clamp`. */
  clamp(min: number, max: number): Tensor {
    return clamp(this, min, max);
  }

  /** Sum over `dims`, all by default. PyTorch: `torch.sum`. */
  sum(options?: SumOptions): Tensor {
    return sum(this, options);
  }

  /** Mean over `dims`, all by default. PyTorch: `torch.mean`. */
  mean(options?: ReduceOptions): Tensor {
    return mean(this, options);
  }

  /** Largest value over `dims`, all by default. PyTorch: `torch.amax`. */
  max(options?: ReduceOptions): Tensor {
    return max(this, options);
  }

  /** Smallest value over `dims`, all by default. PyTorch: `torch.amin`. */
  min(options?: ReduceOptions): Tensor {
    return min(this, options);
  }

  /** Index (int32) of the largest along `dim`, or of all elements. PyTorch: `torch.argmax`. */
  argmax(dim?: number): Tensor {
    return argmax(this, dim);
  }

  /** Variance over `dims`, all by default. PyTorch: `torch.var`. */
  var(options?: VarianceOptions): Tensor {
    return variance(this, options);
  }

  /** Standard deviation over `dims`, all by default. PyTorch: `torch.std`. */
  std(options?: VarianceOptions): Tensor {
    return std(this, options);
  }

  /** Norm over `dims`, all by default; Euclidean unless `p` says otherwise. PyTorch: `torch.norm`. */
  norm(options?: NormOptions): Tensor {
    return norm(this, options);
  }

  /** The `k` largest along a dimension, and where they are. PyTorch: `torch.topk`. */
  topk(k: number, options?: TopKOptions): TopK {
    return topk(this, k, options);
  }

  /** Matrix product, batched over leading dimensions. PyTorch: `torch.matmul`. */
  matmul(other: Tensor, options?: MatmulOptions): Tensor {
    return matmul(this, other, options);
  }

  /** The same elements in another shape; one size may be -1. PyTorch: `Tensor.reshape`. */
  reshape(...shape: number[]): Tensor {
    return reshape(this, shape);
  }

  /** The same as {@linkcode Tensor.reshape}: tensors are dense. PyTorch: `Tensor.view`. */
  view(...shape: number[]): Tensor {
    return reshape(this, shape);
  }

  /** Without dimensions of size 1, all of them or those of `dims`. PyTorch: `torch.squeeze`. */
  squeeze(dims?: number | readonly number[]): Tensor {
    return squeeze(this, dims);
  }

  /** With a dimension of size 1 more, before `dim`. PyTorch: `torch.unsqueeze`. */
  unsqueeze(dim: number): Tensor {
    return unsqueeze(this, dim);
  }

  /** A copy in which dimensions of size 1 are repeated; -1 keeps a size. PyTorch: `Tensor.expand`. */
  expand(...shape: number[]): Tensor {
    return expand(this, shape);
  }

  /**
   * A part: for each dimension an integer, which takes it away, a range `[start, end, step]`, or null for all of it.
   * `x.at(0, [1, -1], null)` is PyTorch's `x[0, 1:-1, :]`.
   */
  at(...indices: readonly Index[]): Tensor {
    return index(this, ...indices);
  }

  /** The dimensions from `startDim` on as one. PyTorch: `torch.flatten`. */
  flatten(startDim = 0): Tensor {
    const start = normalizeDim(startDim, this.ndim);
    return reshape(this, [...this.shape.slice(0, start), -1]);
  }

  /** A copy with its dimensions in another order. PyTorch: `Tensor.permute`. */
  permute(...dims: number[]): Tensor {
    return permute(this, dims);
  }

  /** Swaps two dimensions. PyTorch: `Tensor.transpose`. */
  transpose(a: number, b: number): Tensor {
    const dims = this.shape.map((_, i) => i);
    const [i, j] = [normalizeDim(a, this.ndim), normalizeDim(b, this.ndim)];
    [dims[i], dims[j]] = [j, i];
    return permute(this, dims);
  }

  /** Elements `start` to `end` (exclusive) of one dimension. PyTorch: `x[:, start:end:step]`. */
  slice(dim: number, start: number, end?: number, step?: number): Tensor {
    return slice(this, dim, start, end, step);
  }

  /** Elements along `dim` at the positions in `index` (int32). PyTorch: `torch.gather`. */
  gather(dim: number, index: Tensor): Tensor {
    return gather(this, dim, index);
  }

  /** Soft-max along `dim`. PyTorch: `torch.softmax`. */
  softmax(dim = -1): Tensor {
    return softmax(this, dim);
  }

  /** Logarithm of the soft-max along `dim`. PyTorch: `torch.log_softmax`. */
  logSoftmax(dim = -1): Tensor {
    return logSoftmax(this, dim);
  }

  /** What `console.log` prints in Deno: {@linkcode Tensor.toString}. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }

  /** The same in Node. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  /** Type and shape, as `Tensor(float32 [2, 3])`; no elements, they are on the device. */
  toString(): string {
    return `Tensor(${this.dtype} ${formatShape(this.shape)}${this.requiresGrad ? ", grad" : ""})`;
  }
}
