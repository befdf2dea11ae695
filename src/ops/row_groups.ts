import type { Gpu } from "../gpu/gpu.ts";
import { linearGrid } from "./grid.ts";

/**
 * Constants and workgroups of a kernel that reduces rows with `LANES` threads each, `ROWS` rows a group: one
 * thread a row on software adapters, where threads of a group share nothing cheaply, else `lanes` threads. The kernel's
 * group index is `group.x + group.y * groups.x`; the last ones may lie past the rows.
 */
export function rowGroups(
  gpu: Gpu,
  rows: number,
  lanes = 64,
): { constants: Record<string, number>; workgroups: [number, number] } {
  const constants = gpu.software
    ? { LANES: 1, ROWS: 8, THREADS: 8 }
    : { LANES: lanes, ROWS: 64 / lanes, THREADS: 64 };
  return { constants, workgroups: linearGrid(Math.ceil(rows / constants.ROWS)) };
}
