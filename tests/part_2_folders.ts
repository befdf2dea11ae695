/** Folders of tests/ that part_2.ts has; part_1.ts has all others. */
export const PART_2: readonly string[] = ["ops", "tensor", "train"];
