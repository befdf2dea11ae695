import type { Gpu } from "../gpu/gpu.ts";
import { requireHalf } from "../gpu/require_half.ts";
import {
  bytesOf,
  deviceArray,
  type DType,
  type FloatType,
  type HostArray,
  hostDType,
  isFloat,
} from "./dtype.ts";
import type {
  GeluOptions,
  Index,
  MatmulOptions,
  NormOptions,
  ReduceOptions,
  SumOptions,
  TopKOptions,
  VarianceOptions,
} from "./op_options.ts";
import { registerCreated, registerResult, unregister } from "./scope.ts";
import { checkShape, formatShape, normalizeDim, numel, type Shape } from "./shape.ts";
import { Storage } from "./storage.ts";
import { traceWrite } from "./trace.ts";

/** Gradients of an op's inputs, in their order; null where there is none. */
export type InputGradients = readonly (Tensor | null)[];

/**
 * Hands over the gradient that ops further on have given an input so far, or null. Who takes it disposes of it, and returns a
 * gradient for that input with this one in it.
 */
export type GradientBefore = (input: Tensor) => Tensor | null;

/** One op on the tape. */
export interface Node {
  /** The op's name. */
  readonly name: string;
  /** Its place in the order of all ops. */
  readonly id: number;
  /** What it was given. */
  readonly inputs: readonly Tensor[];
  /** What it made. */
  readonly outputs: readonly Tensor[];
  /** Tensors only the backward pass needs; freed with the graph. */
  readonly saved: readonly Tensor[];
  /** Gradients of the inputs from those of the outputs. */
  readonly backward: (
    gradients: readonly (Tensor | null)[],
    before: GradientBefore,
  ) => InputGradients;
}

/** How a tensor's elements come to be when they are first asked for. */
export interface Deferral {
  /** The device that they will be on. */
  readonly gpu: Gpu;
  /** Makes them, as a tensor that is given up for this one. */
  compute(): Tensor;
  /** Frees what {@linkcode Deferral.compute} would have needed; called once, behind it or in its place. */
  release(): void;
  /** The result of a method of the tensor, deferred as well; null where the method has to look at the elements. */
  join(method: string, args: readonly unknown[]): Tensor | null;
}

/** Options of {@linkcode Tensor.backward}. */
export interface BackwardOptions {
  /** Gradient of the root; default 1 for a tensor of one element. */
  gradient?: Tensor;
  /** Keeps the graph so that backward can run again. Default false. */
  retainGraph?: boolean;
  /**
   * Frees every intermediate result as soon as its gradient is done, except the root and these.
   * Saves memory when nothing reads them afterwards.
   */
  freeExcept?: readonly Tensor[];
  /** Told of every leaf as soon as its `.grad` is done, while others are to come. */
  onGradient?: (leaf: Tensor) => void;
}

/** What `topk()` finds. */
export interface TopK {
  /** The elements, the best first; they have a gradient. */
  values: Tensor;
  /** Where they were along the dimension, int32. */
  indices: Tensor;
}

/**
 * A dense row-major array on the device that remembers how it was made.
 *
 * Results of ops are freed when the scope or the training step that made them ends; `keep()` a result
 * to hold it longer. Names and meanings follow PyTorch.
 */
export class Tensor {
  /** Gradient of the last `backward()`, for leaves that want one. */
  grad: Tensor | null = null;
  /** The element of a tensor of one, where the host knows it and nothing may change it; else null. */
  known: number | null = null;
  #storage: Storage | null;
  #deferral: Deferral | null = null;
  #node: Node | null = null;
  #requiresGrad = false;
  #disposed = false;
  #graphFreed = false;

  private constructor(
    source: Storage | Deferral,
    readonly shape: Shape,
    readonly dtype: DType,
  ) {
    if (dtype === "float16") requireHalf(source.gpu);
    this.#storage = "compute" in source ? null : source;
    this.#deferral = "compute" in source ? source : null;
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

  /** A result that is computed when its memory is first asked for, off the tape; never where nobody does. */
  static deferred(deferral: Deferral, shape: Shape, dtype: DType): Tensor {
    checkShape(shape);
    const tensor = new Tensor(deferral, shape, dtype);
    registerResult(tensor);
    return tensor;
  }

  /** How the elements will come to be; null once they are there. */
  get deferral(): Deferral | null {
    return this.#deferral;
  }

  /** Device memory. Throws when the tensor was freed. */
  get storage(): Storage {
    if (!this.#disposed) return this.#storage ?? this.#settle();
    const shape = formatShape(this.shape);
    throw new Error(
      `a tensor of shape ${shape} was used after it was freed; results are freed when their step ` +
        `or scope ends, keep() those that are needed longer`,
    );
  }

  /** Device the elements are on. */
  get gpu(): Gpu {
    return (this.#storage ?? this.#deferral!).gpu;
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

  /** A second handle on the same memory, off the tape. PyTorch: `Tensor.detach()`. */
  detach(): Tensor {
    return this.alias();
  }

  /** A second handle on the same memory with another shape of as many elements. For ops. */
  alias(shape: Shape = this.shape): Tensor {
    const tensor = new Tensor(this.storage.retain(), shape, this.dtype);
    tensor.known = this.known;
    registerResult(tensor);
    return tensor;
  }

  /** Copies the elements into other memory and views that from now on. For optimisers. */
  moveTo(storage: Storage): void {
    const before = this.storage;
    this.gpu.copy(before, storage, bytesOf(this.dtype, this.numel));
    before.release();
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
    this.#storage?.release();
    this.#deferral?.release();
  }

  /** Whether the tensor was freed. */
  get disposed(): boolean {
    return this.#disposed;
  }

  /** So that `using x = ...` frees it. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  #settle(): Storage {
    const deferral = this.#deferral!;
    const made = deferral.compute();
    this.#deferral = null;
    this.#storage = made.storage.retain();
    made.dispose();
    deferral.release();
    return this.#storage;
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
    traceWrite(this.storage, values);
    this.gpu.upload(this.storage, deviceArray(values, this.dtype));
    return this;
  }

  /** Sets the elements to zero, in place. PyTorch: `Tensor.zero_`. */
  zero_(): this {
    if (!isFloat(this.dtype)) this.storage.writeIntegers([0]);
    const { buffer, offset } = this.storage;
    traceWrite(this.storage, 0);
    this.gpu.clear({ buffer, offset, size: bytesOf(this.dtype, this.numel) });
    return this;
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

/** What ops do, as methods of every {@linkcode Tensor}. Names and meanings follow PyTorch. */
export interface TensorMethods {
  /**
   * Adds the gradient of this tensor to the `.grad` of every leaf it was made from.
   *
   * @throws Error when there is no tape, when a backward pass before freed a part of it, or when the tensor has more
   * than one element and no gradient is given.
   */
  backward(options?: BackwardOptions): void;

  /** Adds to `.grad`; takes the tensor over. For the autograd engine. */
  accumulateGrad(gradient: Tensor): void;

  /** `this + other`, in place when nothing else sees this memory; takes both over. */
  addInto(other: Tensor): Tensor;

  /**
   * Reads the elements back, row-major; float16 as float32.
   *
   * @throws RangeError when an op was given indices, computed on the device, that are out of range.
   */
  data(): Promise<HostArray>;

  /** Reads one number back. */
  item(): Promise<number>;

  /** `this += other` of the same shape, in place, outside of the tape. PyTorch: `Tensor.add_`. */
  add_(other: Tensor): Tensor;

  /** The elements in another float type, rounded to it. PyTorch: `Tensor.to`. */
  to(dtype: FloatType): Tensor;

  /** `this + other`, broadcast. PyTorch: `torch.add`. */
  add(other: Tensor | number): Tensor;

  /** `this - other`, broadcast. PyTorch: `torch.sub`. */
  sub(other: Tensor | number): Tensor;

  /** `this * other`, broadcast. PyTorch: `torch.mul`. */
  mul(other: Tensor | number): Tensor;

  /** `this / other`, broadcast. PyTorch: `torch.div`. */
  div(other: Tensor | number): Tensor;

  /** The larger of both, broadcast. PyTorch: `torch.maximum`. */
  maximum(other: Tensor): Tensor;

  /** The smaller of both, broadcast. PyTorch: `torch.minimum`. */
  minimum(other: Tensor): Tensor;

  /** 1 where `this < other`, else 0. PyTorch: `torch.lt`. */
  lt(other: Tensor | number): Tensor;

  /** 1 where `this <= other`, else 0. PyTorch: `torch.le`. */
  le(other: Tensor | number): Tensor;

  /** 1 where `this > other`, else 0. PyTorch: `torch.gt`. */
  gt(other: Tensor | number): Tensor;

  /** 1 where `this >= other`, else 0. PyTorch: `torch.ge`. */
  ge(other: Tensor | number): Tensor;

  /** 1 where `this == other`, else 0. PyTorch: `torch.eq`. */
  eq(other: Tensor | number): Tensor;

  /** 1 where `this != other`, else 0. PyTorch: `torch.ne`. */
  ne(other: Tensor | number): Tensor;

  /** `-this`. PyTorch: `torch.neg`. */
  neg(): Tensor;

  /** `this ** exponent`. PyTorch: `torch.pow`. */
  pow(exponent: number): Tensor;

  /** Absolute values. PyTorch: `torch.abs`. */
  abs(): Tensor;

  /** `e ** this`. PyTorch: `torch.exp`. */
  exp(): Tensor;

  /** Natural logarithms. PyTorch: `torch.log`. */
  log(): Tensor;

  /** Square roots. PyTorch: `torch.sqrt`. */
  sqrt(): Tensor;

  /** `max(this, 0)`. PyTorch: `torch.relu`. */
  relu(): Tensor;

  /** `min(max(this, 0), 6)`. PyTorch: `torch.nn.functional.relu6`. */
  relu6(): Tensor;

  /** `1 / (1 + exp(-this))`. PyTorch: `torch.sigmoid`. */
  sigmoid(): Tensor;

  /** Hyperbolic tangents. PyTorch: `torch.tanh`. */
  tanh(): Tensor;

  /** `this * Phi(this)`, Phi the normal distribution. PyTorch: `torch.nn.functional.gelu`. */
  gelu(options?: GeluOptions): Tensor;

  /** `this / (1 + exp(-this))`. PyTorch: `torch.nn.functional.silu`. */
  silu(): Tensor;

  /** Values kept within [min, max]. PyTorch: `torch.clamp`. */
  clamp(min: number, max: number): Tensor;

  /** Sum over `dims`, all by default. PyTorch: `torch.sum`. */
  sum(options?: SumOptions): Tensor;

  /** Mean over `dims`, all by default. PyTorch: `torch.mean`. */
  mean(options?: ReduceOptions): Tensor;

  /** Largest value over `dims`, all by default. PyTorch: `torch.amax`. */
  max(options?: ReduceOptions): Tensor;

  /** Smallest value over `dims`, all by default. PyTorch: `torch.amin`. */
  min(options?: ReduceOptions): Tensor;

  /** Index (int32) of the largest along `dim`, or of all elements. PyTorch: `torch.argmax`. */
  argmax(dim?: number): Tensor;

  /** Variance over `dims`, all by default. PyTorch: `torch.var`. */
  var(options?: VarianceOptions): Tensor;

  /** Standard deviation over `dims`, all by default. PyTorch: `torch.std`. */
  std(options?: VarianceOptions): Tensor;

  /** Norm over `dims`, all by default; Euclidean unless `p` says otherwise. PyTorch: `torch.norm`. */
  norm(options?: NormOptions): Tensor;

  /** The `k` largest along a dimension, and where they are. PyTorch: `torch.topk`. */
  topk(k: number, options?: TopKOptions): TopK;

  /** Matrix product, batched over leading dimensions. PyTorch: `torch.matmul`. */
  matmul(other: Tensor, options?: MatmulOptions): Tensor;

  /** The same elements in another shape; one size may be -1. PyTorch: `Tensor.reshape`. */
  reshape(...shape: number[]): Tensor;

  /** The same as {@linkcode Tensor.reshape}: tensors are dense. PyTorch: `Tensor.view`. */
  view(...shape: number[]): Tensor;

  /** Without dimensions of size 1, all of them or those of `dims`. PyTorch: `torch.squeeze`. */
  squeeze(dims?: number | readonly number[]): Tensor;

  /** With a dimension of size 1 more, before `dim`. PyTorch: `torch.unsqueeze`. */
  unsqueeze(dim: number): Tensor;

  /** A copy in which dimensions of size 1 are repeated; -1 keeps a size. PyTorch: `Tensor.expand`. */
  expand(...shape: number[]): Tensor;

  /**
   * A part: for each dimension an integer, which takes it away, a range `[start, end, step]`, or null for all of it.
   * `x.at(0, [1, -1], null)` is PyTorch's `x[0, 1:-1, :]`.
   */
  at(...indices: readonly Index[]): Tensor;

  /** The dimensions from `startDim` on as one. PyTorch: `torch.flatten`. */
  flatten(startDim?: number): Tensor;

  /** A copy with its dimensions in another order. PyTorch: `Tensor.permute`. */
  permute(...dims: number[]): Tensor;

  /** Swaps two dimensions. PyTorch: `Tensor.transpose`. */
  transpose(a: number, b: number): Tensor;

  /** Elements `start` to `end` (exclusive) of one dimension. PyTorch: `x[:, start:end:step]`. */
  slice(dim: number, start: number, end?: number, step?: number): Tensor;

  /** Elements along `dim` at the positions in `index` (int32). PyTorch: `torch.gather`. */
  gather(dim: number, index: Tensor): Tensor;

  /** Soft-max along `dim`. PyTorch: `torch.softmax`. */
  softmax(dim?: number): Tensor;

  /** Logarithm of the soft-max along `dim`. PyTorch: `torch.log_softmax`. */
  logSoftmax(dim?: number): Tensor;
}

/** The class and the methods of its ops are one type. */
export interface Tensor extends TensorMethods {}
