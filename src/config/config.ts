import { UserError } from "../errors.ts";
import type { FieldValue, ValuesOf } from "./field.ts";
import type { SCHEMA } from "./schema.ts";

export type { ValuesOf } from "./field.ts";

/**
 * A resolved configuration: every key has a value, so `cfg.SOLVER.BATCH_SIZE` is a number. The sections of the distillers
 * are got with {@linkcode sectionOf}.
 */
export type Config = ValuesOf<typeof SCHEMA>;

/** The values of a section by name. */
interface SectionValues {
  /** A value, or a section in the section. */
  readonly [key: string]: FieldValue | SectionValues;
}

/** The values of a section that a choice brought along, such as `KD`; empty where there is none of that name. */
export function sectionOf(config: Config, name: string): SectionValues {
  const sections = config as unknown as Readonly<Record<string, SectionValues>>;
  return Object.hasOwn(sections, name) ? sections[name] : {};
}

/** A mistake in a configuration: the message names the source, the key and what was wanted. */
export class ConfigError extends UserError {
  /** Always `ConfigError`. */
  override readonly name = "ConfigError";
}
