import type { Gpu } from "../gpu/gpu.ts";
import { fill } from "../ops/elementwise/fill.ts";
import { defaultDevice } from "./default_device.ts";
import { bytesOf, deviceArray, type DType, type HostArray, isFloat } from "./dtype.ts";
import { checkOptions, type OptionNames } from "../options.ts";
import { fillNormal, fillUniform, type Generator } from "./random.ts";
import { checkShape, formatShape, numel, type Shape } from "./shape.ts";
import { Storage } from "./storage.ts";
import { Tensor } from "./tensor.ts";
import { traceWrite } from "./trace.ts";

/** Options of the functions that make tensors. */
export interface CreateOptions {
  /** Default: `float32`, or what the typed array holds. */
  dtype?: DType;
  /** Whether gradients are wanted for it. Default false. */
  requiresGrad?: boolean;
  /** Default: the device of `init()`. */
  device?: Gpu;
}

const OPTIONS: OptionNames<CreateOptions> = { dtype: true, requiresGrad: true, device: true };

/** Numbers, nested arrays of numbers, or a typed array. */
export type TensorData = number | NestedArray | HostArray;

/** Arrays of arrays ... of numbers, all of one length at each level. */
export interface NestedArray extends ReadonlyArray<number | NestedArray> {}

/**
 * A tensor from data. PyTorch: `torch.tensor`.
 *
 * @param shape default: the nesting of `data`, or one dimension for a typed array.
 * @throws RangeError when data and shape do not fit.
 */
export function tensor(
  data: TensorData,
  shape?: Shape | null,
  options: CreateOptions = {},
): Tensor {
  checkOptions<CreateOptions>("tensor()", options, OPTIONS);
  const flat = flatten(data);
  const wanted = shape ?? flat.shape;
  checkShape(wanted);
  if (numel(wanted) !== flat.values.length) {
    throw new RangeError(
      `${flat.values.length} numbers do not fill a tensor of shape ${formatShape(wanted)}`,
    );
  }
  const dtype = options.dtype ?? dtypeOf(data);
  const gpu = options.device ?? defaultDevice();
  const storage = Storage.forUpload(gpu, bytesOf(dtype, flat.values.length));
  const words = deviceArray(flat.values, dtype);
  // A copy: the caller may use its array again.
  if (!isFloat(dtype)) storage.writeIntegers((words as HostArray).slice());
  traceWrite(storage, words);
  gpu.upload(storage, words);
  return created(storage, wanted, dtype, options);
}

/** A tensor filled with `value`. PyTorch: `torch.full`. */
export function full(shape: Shape, value: number, options: CreateOptions = {}): Tensor {
  checkOptions<CreateOptions>("full()", options, OPTIONS);
  checkShape(shape);
  const gpu = options.device ?? defaultDevice();
  const dtype = options.dtype ?? "float32";
  const storage = Storage.allocate(gpu, bytesOf(dtype, numel(shape)));
  if (!isFloat(dtype)) storage.writeIntegers([value]);
  fill(storage, numel(shape), value, dtype);
  return created(storage, shape, dtype, options);
}

/** Zeros. PyTorch: `torch.zeros`. */
export function zeros(shape: Shape, options: CreateOptions = {}): Tensor {
  return full(shape, 0, options);
}

/** Ones. PyTorch: `torch.ones`. */
export function ones(shape: Shape, options: CreateOptions = {}): Tensor {
  return full(shape, 1, options);
}

/** `start, start + 1, ... end - 1` as float32. PyTorch: `torch.arange`. */
export function arange(start: number, end: number, options: CreateOptions = {}): Tensor {
  const values = Float32Array.from({ length: Math.ceil(end - start) }, (_, i) => start + i);
  return tensor(values, null, { ...options, dtype: options.dtype ?? "float32" });
}

/** Uniform in [low, high), from `generator`. PyTorch: `torch.rand`, `Tensor.uniform_`. */
export function rand(
  shape: Shape,
  generator: Generator,
  options: CreateOptions & { low?: number; high?: number } = {},
): Tensor {
  const values = new Float32Array(numel(shape));
  const { low = 0, high = 1, ...rest } = options;
  fillUniform(values, generator, low, high);
  return tensor(values, shape, rest);
}

/** Normal with `mean` and `std`, from `generator`. PyTorch: `torch.randn`, `Tensor.normal_`. */
export function randn(
  shape: Shape,
  generator: Generator,
  options: CreateOptions & { mean?: number; std?: number } = {},
): Tensor {
  const values = new Float32Array(numel(shape));
  const { mean = 0, std = 1, ...rest } = options;
  fillNormal(values, generator, mean, std);
  return tensor(values, shape, rest);
}

function created(storage: Storage, shape: Shape, dtype: DType, options: CreateOptions): Tensor {
  const result = Tensor.created(storage, shape, dtype);
  result.requiresGrad = options.requiresGrad ?? false;
  return result;
}

function dtypeOf(data: TensorData): DType {
  if (data instanceof Int32Array) return "int32";
  if (data instanceof Uint32Array) return "uint32";
  return "float32";
}

function flatten(data: TensorData): { values: HostArray | number[]; shape: number[] } {
  if (typeof data === "number") return { values: [data], shape: [] };
  if (!Array.isArray(data)) return { values: data as HostArray, shape: [data.length] };
  const values: number[] = [];
  const shape: number[] = [];
  for (let level: unknown = data; Array.isArray(level); level = level[0]) shape.push(level.length);
  collect(data, 0, shape, values);
  return { values, shape };
}

function collect(data: unknown, depth: number, shape: Shape, values: number[]): void {
  if (depth === shape.length) {
    if (typeof data !== "number") throw new RangeError("nested arrays of unequal depth");
    values.push(data);
    return;
  }
  if (!Array.isArray(data) || data.length !== shape[depth]) {
    throw new RangeError("nested arrays of unequal length");
  }
  for (const item of data) collect(item, depth + 1, shape, values);
}
