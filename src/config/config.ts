import type { Field } from "./field.ts";
import type { SCHEMA } from "./schema.ts";

/** The values that a section of the schema describes. */
export type ValuesOf<S> = {
  readonly [K in keyof S]: S[K] extends Field<infer T> ? T : ValuesOf<S[K]>;
};

/** A resolved configuration: every key has a value, so `cfg.SOLVER.BATCH_SIZE` is a number. */
export type Config = ValuesOf<typeof SCHEMA>;
