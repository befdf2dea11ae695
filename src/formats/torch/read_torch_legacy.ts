import { ByteReader } from "../byte_reader.ts";
import { FormatError, UnreadError } from "../format_error.ts";
import { Named, PyTuple, quoted } from "../pickle/python.ts";
import { unpickle } from "../pickle/unpickle.ts";
import { readStorageId } from "./persistent_id.ts";
import { torchGlobals } from "./torch_globals.ts";
import { type Allowance, TorchStorage } from "./torch_storage.ts";

/** The integer that such a file starts with. */
const MAGIC = 0x1950a86a20f9469cfc6cn;
const VERSION = 1001;

/** A storage whose bytes come behind the pickles. */
interface Pending {
  readonly size: number;
  readonly count: number;
  bytes: Uint8Array | null;
}

/**
 * Reads the rest of what `torch.save` wrote before PyTorch 1.6, when the magic number has been read: the version,
 * facts about the machine, the object, the storages' names, and the storages.
 */
function readBody(bytes: Uint8Array, start: number, allowance: Allowance): unknown {
  const globals = torchGlobals(allowance);
  const version = unpickle(bytes, { globals, start });
  if (version.value !== VERSION) {
    throw new FormatError(
      `its format has the version ${quoted(version.value)}; ${VERSION} is read`,
    );
  }
  const system = unpickle(bytes, { globals, start: version.end });
  const pending = new Map<string, Pending>();
  const persistentLoad = (id: unknown) => pendingStorage(id, pending);
  const object = unpickle(bytes, { globals, persistentLoad, start: system.end });
  const keys = unpickle(bytes, { globals, start: object.end });
  fillStorages(new ByteReader(bytes, keys.end), keys.value, pending);
  return object.value;
}

function pendingStorage(id: unknown, pending: Map<string, Pending>): TorchStorage | Named {
  // A class with its source text, which whole models have beside them.
  const [kind, made] = id instanceof PyTuple ? id.items : [];
  if (kind === "module" && made instanceof Named) return made;
  const { type: { dtype, size, name }, key, count, part } = readStorageId(id);
  const known = pending.get(key) ?? { size, count, bytes: null };
  if (known.size !== size || known.count !== count) {
    throw new FormatError(
      `the storage ${quoted(key)} is said to be of two sizes; the file is damaged`,
    );
  }
  pending.set(key, known);
  if (!dtype) throw new UnreadError(`a storage of ${name}`);
  const { offset, count: length } = part ?? { offset: 0, count };
  return new TorchStorage(dtype, length, () => {
    if (!known.bytes) {
      throw new FormatError(`the storage ${quoted(key)} is missing; the file is damaged`);
    }
    return known.bytes.subarray(offset * size, (offset + length) * size);
  });
}

function fillStorages(reader: ByteReader, keys: unknown, pending: Map<string, Pending>): void {
  if (!Array.isArray(keys)) throw new FormatError("it does not list its storages; it is damaged");
  for (const key of keys) {
    const storage = pending.get(key);
    if (!storage || storage.bytes) {
      throw new FormatError(`it holds the storage ${quoted(key)} for no tensor`);
    }
    const count = reader.u64();
    if (count !== storage.count) {
      throw new FormatError(
        `the storage ${
          quoted(key)
        } should have ${storage.count} numbers, but says ${count}; the file is damaged`,
      );
    }
    storage.bytes = reader.raw(count * storage.size);
  }
}

/**
 * Reads what `torch.save` wrote before PyTorch 1.6, or a plain pickle of numbers and NumPy arrays.
 *
 * @param allowance limits the bytes of the tensors
 * @returns the object that was saved, and whether it was saved by torch
 * @throws {FormatError} where the file is damaged, or holds what is not read
 */
export function readTorchLegacy(
  bytes: Uint8Array,
  allowance: Allowance,
): { value: unknown; torch: boolean } {
  const first = unpickle(bytes, { globals: torchGlobals(allowance) });
  if (first.value !== MAGIC) return { value: first.value, torch: false };
  return { value: readBody(bytes, first.end, allowance), torch: true };
}
