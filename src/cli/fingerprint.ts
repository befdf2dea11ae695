import type { Config } from "../config/config.ts";
import { configToYaml } from "../config/config_to_yaml.ts";
import { teacherPath } from "./run_paths.ts";

/**
 * Twelve hexadecimal digits that stand for what decides a run's outcome beside its seed: the configuration without
 * EXPERIMENT and LOG, the teacher's file and the cost matrix's. Files that are missing count as empty.
 */
export async function fingerprint(config: Config): Promise<string> {
  const { EXPERIMENT: _, LOG: __, ...rest } = config;
  const settings = configToYaml({
    ...rest,
    SOLVER: { ...config.SOLVER, SEED: 0 },
    EXPERIMENT: { PROJECT: "", NAME: "", TAG: "" },
    LOG: { TENSORBOARD_FREQ: 1, SAVE_CHECKPOINT_FREQ: 1, PREFIX: "", WANDB: false },
  });
  const parts = [new TextEncoder().encode(settings)];
  if (config.DISTILLER.TYPE !== "NONE") parts.push(contents(teacherPath(config)));
  if (config.WKD.COST_MATRIX_PATH) parts.push(contents(config.WKD.COST_MATRIX_PATH));
  const digests = await Promise.all(parts.map((part) => crypto.subtle.digest("SHA-256", part)));
  const all = new Uint8Array(digests.flatMap((digest) => [...new Uint8Array(digest)]));
  return hex(await crypto.subtle.digest("SHA-256", all)).slice(0, 12);
}

function contents(path: string): Uint8Array<ArrayBuffer> {
  try {
    return Deno.readFileSync(path);
  } catch {
    return new Uint8Array();
  }
}

function hex(digest: ArrayBuffer): string {
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
