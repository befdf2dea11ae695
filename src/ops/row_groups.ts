import type { Gpu } from "../gpu/gpu.ts";
import { linearGrid } from "./grid.ts";

/** Threads of a row and rows of a workgroup: template values of kernels that include `rows`. */
interface RowValues {
  readonly LANES: number;
  readonly ROWS: number;
  readonly [name: string]: number;
}

/**
 * Template values and workgroups of a kernel that includes `rows`: one thread a row on software adapters, where threads
 * of a group share nothing cheaply, else `lanes` threads. The last rows may lie past the end.
 */
export function rowGroups(
  gpu: Gpu,
  rows: number,
  lanes = 64,
): { values: RowValues; workgroups: [number, number] } {
  const values = gpu.software ? { LANES: 1, ROWS: 8 } : { LANES: lanes, ROWS: 64 / lanes };
  return { values, workgroups: linearGrid(Math.ceil(rows / values.ROWS)) };
}
