import { FormatError, UnreadError } from "../format_error.ts";
import { quoted } from "../pickle/python.ts";
import { unpickle } from "../pickle/unpickle.ts";
import { shown } from "../visible.ts";
import { readZip, type ZipEntry } from "../zip/read_zip.ts";
import { readStorageId } from "./persistent_id.ts";
import { torchGlobals } from "./torch_globals.ts";
import { type Allowance, TorchStorage } from "./torch_storage.ts";

const PICKLE = "data.pkl";

/** The folder of the archive that holds the pickle, with a slash at its end, or nothing. */
function findFolder(entries: ReadonlyMap<string, ZipEntry>): string {
  const pickles = [...entries.keys()].filter((name) => /^(?:[^/]*\/)?data\.pkl$/.test(name));
  if (pickles.length === 0) {
    throw new FormatError("it is a zip archive without data.pkl, so torch.save did not write it");
  }
  if (pickles.length > 1) {
    throw new FormatError(
      `the zip archive holds ${pickles.length} files data.pkl; torch.save writes one`,
    );
  }
  const folder = pickles[0].slice(0, -PICKLE.length);
  if (entries.has(`${folder}constants.pkl`)) {
    throw new FormatError(
      "it is a TorchScript archive, which is a program; save the model's state_dict() instead",
    );
  }
  return folder;
}

function isBigEndian(entry: ZipEntry | undefined): boolean {
  const order = entry ? new TextDecoder().decode(entry.data().subarray(0, 100)) : "little";
  if (order !== "little" && order !== "big") {
    throw new FormatError(`its byte order is ${quoted(order)}; little and big are read`);
  }
  return order === "big";
}

/**
 * Reads what `torch.save` writes since PyTorch 1.6: a zip archive of a pickle and one entry for every storage.
 *
 * @param allowance limits the bytes of the tensors
 * @returns the object that was saved
 * @throws {FormatError} where the file is damaged, or holds what is not read
 */
export function readTorchZip(bytes: Uint8Array, allowance: Allowance): unknown {
  const entries = readZip(bytes);
  const folder = findFolder(entries);
  const bigEndian = isBigEndian(entries.get(`${folder}byteorder`));
  const persistentLoad = (id: unknown) => {
    const { type: { dtype, size, name }, key, count } = readStorageId(id);
    if (!dtype) throw new UnreadError(`a storage of ${name}`);
    const entry = entries.get(`${folder}data/${key}`);
    if (!entry) throw new FormatError(`the storage ${shown(key)} is missing; the file is damaged`);
    if (entry.size !== count * size) {
      throw new FormatError(
        `the storage ${
          shown(key)
        } should have ${count} numbers of ${dtype}, but has ${entry.size} bytes`,
      );
    }
    return new TorchStorage(dtype, count, () => entry.data(), bigEndian);
  };
  const globals = torchGlobals(allowance);
  return unpickle(entries.get(folder + PICKLE)!.data(), { globals, persistentLoad }).value;
}
