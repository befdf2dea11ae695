import type { Gpu } from "../gpu/gpu.ts";

/**
 * Constants and workgroups of a kernel that reduces rows with `LANES` threads each, `ROWS` rows a group: one
 * thread a row on software adapters, where threads of a group share nothing cheaply, else `lanes` threads.
 */
export function rowGroups(
  gpu: Gpu,
  rows: number,
  lanes = 64,
): { constants: Record<string, number>; workgroups: [number] } {
  const constants = gpu.software
    ? { LANES: 1, ROWS: 8, THREADS: 8 }
    : { LANES: lanes, ROWS: 64 / lanes, THREADS: 64 };
  return { constants, workgroups: [Math.ceil(rows / constants.ROWS)] };
}
