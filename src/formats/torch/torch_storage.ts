import { FormatError } from "../format_error.ts";
import { swapped } from "../gather.ts";
import { ARRAY_TYPES, type SafetensorsDtype } from "../safetensors/safetensors_dtype.ts";

/** Where the bytes of a storage come from; two storages of one file may share them. */
type StorageBytes = () => Uint8Array;

/** A stretch of numbers of one type that tensors are views of. PyTorch: `torch.TypedStorage`. */
export class TorchStorage {
  /**
   * @param dtype type of its numbers
   * @param count how many
   * @param bytes reads them, once they are wanted
   * @param bigEndian whether the high bytes of a number come first
   */
  constructor(
    readonly dtype: SafetensorsDtype,
    readonly count: number,
    readonly bytes: StorageBytes,
    readonly bigEndian = false,
  ) {}

  /** The bytes in little-endian order. */
  read(): Uint8Array {
    const bytes = this.bytes();
    return this.bigEndian ? swapped(bytes, itemSize(this.dtype)) : bytes;
  }

  /** The same bytes as numbers of another type. */
  as(dtype: SafetensorsDtype): TorchStorage {
    if (dtype === this.dtype) return this;
    const size = this.count * itemSize(this.dtype);
    return new TorchStorage(dtype, Math.floor(size / itemSize(dtype)), this.bytes, this.bigEndian);
  }
}

/** Bytes of one number. */
export function itemSize(dtype: SafetensorsDtype): number {
  return ARRAY_TYPES[dtype].BYTES_PER_ELEMENT;
}

/** Limits how many bytes the tensors of one file may take together, views of the same numbers counted anew. */
export class Allowance {
  #left: number;

  /** Limits to so many bytes. */
  constructor(readonly limit: number) {
    this.#left = limit;
  }

  /** @throws {FormatError} where the bytes go beyond the limit */
  take(bytes: number): void {
    this.#left -= bytes;
    if (this.#left < 0) {
      throw new FormatError(
        `the tensors would take more than ${this.limit} bytes, far more than the file has; that much is refused`,
      );
    }
  }
}
