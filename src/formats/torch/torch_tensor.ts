import { FormatError, UnreadError } from "../format_error.ts";
import { gather, type TensorView } from "../gather.ts";
import { PyObject, quoted } from "../pickle/python.ts";
import {
  ARRAY_TYPES,
  elementCount,
  type SafetensorsData,
  type SafetensorsDtype,
  type SafetensorsTensor,
} from "../safetensors/safetensors_dtype.ts";
import { type Allowance, itemSize, TorchStorage } from "./torch_storage.ts";

/** A tensor of a torch file; its numbers are read when they are asked for. */
export class TorchTensor implements SafetensorsTensor {
  #data: SafetensorsData | null = null;

  /** Takes a view that {@linkcode checkedTensor} has checked. */
  constructor(
    readonly storage: TorchStorage,
    readonly view: TensorView,
    readonly allowance: Allowance,
  ) {}

  /** Type of its numbers. */
  get dtype(): SafetensorsDtype {
    return this.storage.dtype;
  }

  /** Sizes, outermost first; empty for a scalar. */
  get shape(): readonly number[] {
    return this.view.shape;
  }

  /**
   * The numbers in row-major order; where they lie so in the file, part of the file's memory.
   *
   * @throws {FormatError} where the file does not hold what it says
   */
  get data(): SafetensorsData {
    this.#data ??= this.#read();
    return this.#data;
  }

  #read(): SafetensorsData {
    const { shape, stride, offset } = this.view;
    const count = elementCount(shape);
    const size = itemSize(this.dtype);
    this.allowance.take(count * size);
    const ArrayType = ARRAY_TYPES[this.dtype];
    const bytes = count === 0 ? new Uint8Array() : this.storage.read();
    if (!contiguous(shape, stride)) return gather(aligned(ArrayType, bytes), this.view, count);
    return aligned(ArrayType, bytes.subarray(offset * size, (offset + count) * size));
  }
}

type ArrayType = typeof ARRAY_TYPES[SafetensorsDtype];

/** Bytes as numbers, copied only where they do not start at a multiple of a number's size. */
function aligned(ArrayType: ArrayType, bytes: Uint8Array): SafetensorsData {
  const size = ArrayType.BYTES_PER_ELEMENT;
  const own = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  return new ArrayType(own.buffer as ArrayBuffer, own.byteOffset, Math.floor(own.length / size));
}

function contiguous(shape: readonly number[], stride: readonly number[]): boolean {
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    if (shape[i] === 0) return true;
    if (shape[i] !== 1 && stride[i] !== step) return false;
    step *= shape[i];
  }
  return true;
}

/**
 * A tensor, once its view is known to lie in its storage.
 *
 * @throws {FormatError} where it does not
 */
export function checkedTensor(
  storage: unknown,
  offset: unknown,
  shape: unknown,
  stride: unknown,
  allowance: Allowance,
): TorchTensor {
  if (storage instanceof PyObject) throw new UnreadError(storage.kind.replace("storage", "tensor"));
  if (!(storage instanceof TorchStorage)) throw new FormatError("a tensor has no storage");
  const sizes = (value: unknown): value is number[] => !Number.isNaN(elementCount(value));
  const wrong = () =>
    new FormatError(
      `a tensor of shape [${quoted(shape)}], strides [${quoted(stride)}] and offset ${
        quoted(offset)
      } does not lie in its storage of ${storage.count} numbers; the file is damaged`,
    );
  if (!Number.isSafeInteger(offset) || !sizes(shape) || !Array.isArray(stride)) throw wrong();
  const steps = stride.every((step) => Number.isSafeInteger(step) && step >= 0);
  if (!steps || stride.length !== shape.length) throw wrong();
  const first = offset as number;
  const last = shape.reduce((at, size, i) => at + (size - 1) * stride[i], first);
  const empty = shape.includes(0);
  if (first < 0 || (!empty && last >= storage.count) || !Number.isSafeInteger(last)) throw wrong();
  return new TorchTensor(storage, { offset: first, shape, stride }, allowance);
}
