import { FormatError, UnreadError } from "../format_error.ts";
import { PyName, PyTuple, quoted } from "../pickle/python.ts";
import { StorageType } from "./torch_globals.ts";

/** What a pickle says of a storage that lies outside of it. */
interface StorageId {
  /** Type of its numbers. */
  readonly type: StorageType;
  /** Its name in the file. */
  readonly key: string;
  /** How many numbers it says there are. */
  readonly count: number;
  /** Older files: the part of that storage that is meant, in numbers. */
  readonly part: { offset: number; count: number } | null;
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/**
 * Reads ("storage", type, key, device, count) and the older form with a part of the storage behind it.
 *
 * @throws {FormatError} where it is something else
 */
export function readStorageId(id: unknown): StorageId {
  const items = id instanceof PyTuple ? id.items : [];
  const [kind, type, key, , count, part] = items;
  if (kind !== "storage") {
    throw new UnreadError(
      "data outside of the pickle",
      `it refers to data as ${quoted(items)}, which is no storage`,
    );
  }
  if (type instanceof PyName) {
    throw new UnreadError(`a storage of ${type}`);
  }
  if (!(type instanceof StorageType) || typeof key !== "string") {
    throw new FormatError(`it refers to data as ${quoted(items)}, which is no storage`);
  }
  if (!isSize(count)) {
    throw new FormatError(`the storage ${quoted(key)} has ${quoted(count)} numbers`);
  }
  if (!(part instanceof PyTuple)) return { type, key, count, part: null };
  const [, offset, length] = part.items;
  if (!isSize(offset) || !isSize(length) || offset + length > count) {
    throw new FormatError(`a part of the storage ${quoted(key)} does not lie in it`);
  }
  return { type, key, count, part: { offset, count: length } };
}
