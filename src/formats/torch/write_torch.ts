import { crc32 } from "../crc32.ts";
import { isTensor } from "../flatten.ts";
import { FormatError } from "../format_error.ts";
import { OP } from "../pickle/opcodes.ts";
import { Pickler } from "../pickle/pickler.ts";
import { PyOrderedDict, PyTuple } from "../pickle/python.ts";
import {
  elementCount,
  type SafetensorsData,
  type SafetensorsDtype,
  type SafetensorsTensor,
} from "../safetensors/safetensors_dtype.ts";
import { writeZip } from "../zip/write_zip.ts";
import { TORCH_STORAGES } from "./torch_globals.ts";

/** Folder of the archive; PyTorch takes the file's name, and reads any. */
const FOLDER = "archive";

/** The storages of a file: one for every array of numbers, however many tensors have it. */
class Storages {
  readonly arrays: SafetensorsData[] = [];
  readonly #keys = new Map<ArrayBufferLike, Map<string, number>>();

  /** The storage's name. */
  key(data: SafetensorsData): string {
    const { buffer, byteOffset, byteLength } = data;
    const parts = this.#keys.get(buffer) ?? new Map<string, number>();
    this.#keys.set(buffer, parts);
    const part = `${byteOffset} ${byteLength}`;
    if (!parts.has(part)) parts.set(part, this.arrays.push(data) - 1);
    return String(parts.get(part));
  }
}

/** Strides of a tensor whose numbers lie in row-major order. */
function strides(shape: readonly number[]): number[] {
  const result: number[] = [];
  let step = 1;
  for (const size of shape.toReversed()) {
    result.push(step);
    step *= Math.max(1, size);
  }
  return result.reverse();
}

function storageType(dtype: SafetensorsDtype): string {
  const name = TORCH_STORAGES[dtype];
  if (name === "UntypedStorage") {
    throw new FormatError(`tensors of ${dtype} are not written to torch files; use safetensors`);
  }
  return name;
}

function writeTensor(pickler: Pickler, tensor: SafetensorsTensor, storages: Storages): void {
  const { dtype, shape, data } = tensor;
  if (elementCount(shape) !== data.length) {
    throw new FormatError(`a tensor of shape [${shape}] does not have ${data.length} numbers`);
  }
  const { out } = pickler;
  pickler.global("torch._utils", "_rebuild_tensor_v2");
  out.u8(OP.MARK, OP.MARK);
  pickler.write("storage");
  pickler.global("torch", storageType(dtype));
  for (const item of [storages.key(data), "cpu", data.length]) pickler.write(item);
  out.u8(OP.TUPLE, OP.BINPERSID);
  const hooks = new PyOrderedDict();
  for (const item of [0, new PyTuple(shape), new PyTuple(strides(shape)), false, hooks]) {
    pickler.write(item);
  }
  out.u8(OP.TUPLE, OP.REDUCE);
}

/** Forty digits that differ where the contents do, as PyTorch puts them into a file. */
function serializationId(entries: ReadonlyMap<string, Uint8Array>): string {
  const encoder = new TextEncoder();
  let names = 0;
  let contents = 0;
  for (const [name, data] of entries) {
    names = crc32(encoder.encode(name), names);
    contents = crc32(data, contents);
  }
  return String(names >>> 0).padStart(20, "0") + String(contents >>> 0).padStart(20, "0");
}

/**
 * The bytes of a file that `torch.load(path, weights_only=True)` reads: a zip archive of a pickle and the storages,
 * stored, each at a multiple of 64 bytes. The same value gives the same bytes; tensors that share their array share it
 * in the file.
 *
 * @param value numbers, texts, arrays for lists, `PyTuple`, `PyFloat`, `PyOrderedDict`, `Map` for dicts, and tensors
 * @throws {FormatError} where something cannot be written, or the file would be larger than 4 GiB
 */
export function writeTorch(value: unknown): Uint8Array<ArrayBuffer> {
  const storages = new Storages();
  const pickler = new Pickler((object) => {
    if (!isTensor(object)) return false;
    writeTensor(pickler, object, storages);
    return true;
  });
  pickler.write(value);
  const text = (content: string) => new TextEncoder().encode(content);
  const entries = new Map<string, Uint8Array>([
    [`${FOLDER}/data.pkl`, pickler.finish()],
    [`${FOLDER}/byteorder`, text("little")],
  ]);
  for (const [key, { buffer, byteOffset, byteLength }] of storages.arrays.entries()) {
    entries.set(`${FOLDER}/data/${key}`, new Uint8Array(buffer, byteOffset, byteLength));
  }
  entries.set(`${FOLDER}/version`, text("3\n"));
  entries.set(`${FOLDER}/.data/serialization_id`, text(serializationId(entries)));
  return writeZip(entries);
}
