import { createHash } from "node:crypto";
import { join } from "node:path";
import { wantsTeacher } from "../../distill/registry.ts";
import { writeFileAtomic } from "../../formats/atomic_write.ts";
import { fileExists } from "../../formats/paths.ts";
import { teacherPath } from "../../run/run_paths.ts";
import { MODEL_DATA_FILE } from "../../run/run_file_names.ts";
import type { RunRecord } from "../run_record.ts";
import { MODEL_DATA_VERSION, type ModelData } from "./model_data.ts";

/** Stands for what a run's figures are computed of: its checkpoints, its teacher and its settings. */
export function modelKey({ config, student, state }: RunRecord): string {
  const { EXPERIMENT: _name, LOG: _log, ...rest } = config;
  const hash = createHash("sha256").update(`${MODEL_DATA_VERSION}\0${JSON.stringify(rest)}\0`);
  const teacher = wantsTeacher(config.DISTILLER.TYPE) ? teacherPath(config) : null;
  for (const path of [student, state, teacher]) {
    hash.update(path !== null && fileExists(path) ? contentHash(path) : "none");
  }
  return hash.digest("hex");
}

function contentHash(path: string): string {
  const hash = createHash("sha256");
  using file = Deno.openSync(path);
  const part = new Uint8Array(2 ** 20);
  for (let read = file.readSync(part); read; read = file.readSync(part)) {
    hash.update(part.subarray(0, read));
  }
  return hash.digest("hex");
}

/** The figures that were kept in a run's folder; null where there are none, or they are of other files. */
export function keptModelData(folder: string, key: string): ModelData | null {
  try {
    const data = JSON.parse(Deno.readTextFileSync(join(folder, MODEL_DATA_FILE)));
    return data?.key === key && data.version === MODEL_DATA_VERSION ? data : null;
  } catch {
    // They are computed again.
    return null;
  }
}

/** Keeps figures in a run's folder. */
export function keepModelData(folder: string, data: ModelData): void {
  writeFileAtomic(join(folder, MODEL_DATA_FILE), JSON.stringify(data));
}
