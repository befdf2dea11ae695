import { changedSettings } from "../../config/changed_settings.ts";
import { type Config, sectionOf } from "../../config/config.ts";
import { COMMON_SECTIONS } from "../../config/schema.ts";
import { wantsTeacher } from "../../distill/registry.ts";
import { readRegularFile } from "../../formats/read_file.ts";
import { teacherPath } from "../../run/run_paths.ts";

/** What names a run or says where it is written. */
const WITHOUT_EFFECT = new Set(["EXPERIMENT", "LOG"]);

/** What says how the cost matrix is made, of which the file itself counts. */
const MADE_BY = ["SOURCE", "SIMILARITY"].map((name) => `WKD.COST_MATRIX_${name}`);

/**
 * Twelve hexadecimal digits that stand for what decides a run's outcome beside its seed: the settings that differ from
 * their defaults (so that a key added to the schema changes nothing), without EXPERIMENT, LOG and the sections of other
 * distillers; the teacher's file, the student's and the cost matrix's. Files that are missing count as empty.
 */
export async function fingerprint(config: Config): Promise<string> {
  const sections = [...COMMON_SECTIONS, config.DISTILLER.TYPE]
    .filter((section) => !WITHOUT_EFFECT.has(section));
  const settings = JSON.stringify(changedSettings(config, sections, ["SOLVER.SEED", ...MADE_BY]));
  const parts = [new TextEncoder().encode(settings)];
  if (wantsTeacher(config.DISTILLER.TYPE)) parts.push(contents(teacherPath(config)));
  const { STUDENT_CHECKPOINT } = config.DISTILLER;
  if (STUDENT_CHECKPOINT) parts.push(contents(STUDENT_CHECKPOINT));
  const { COST_MATRIX_PATH } = sectionOf(config, config.DISTILLER.TYPE);
  if (COST_MATRIX_PATH) parts.push(contents(String(COST_MATRIX_PATH)));
  const digests = await Promise.all(parts.map((part) => crypto.subtle.digest("SHA-256", part)));
  const all = new Uint8Array(digests.flatMap((digest) => [...new Uint8Array(digest)]));
  return hex(await crypto.subtle.digest("SHA-256", all)).slice(0, 12);
}

function contents(path: string): Uint8Array<ArrayBuffer> {
  try {
    return readRegularFile(path);
  } catch {
    return new Uint8Array();
  }
}

function hex(digest: ArrayBuffer): string {
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
