import type { ValuesOf } from "./field.ts";
import type { SCHEMA } from "./schema.ts";

export type { ValuesOf } from "./field.ts";

/** A resolved configuration: every key has a value, so `cfg.SOLVER.BATCH_SIZE` is a number. */
export type Config = ValuesOf<typeof SCHEMA>;
