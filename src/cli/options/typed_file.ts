import { UserError } from "../../errors.ts";
import { looksLikeKey } from "./words.ts";

const YAML = /\.ya?ml$/i;

/** The words behind the options, sorted. */
interface TypedWords {
  /** A configuration that was named without its option. */
  readonly cfg?: string;
  /** A checkpoint that was named without its option. */
  readonly ckpt?: string;
  /** The KEY VALUE pairs. */
  readonly overrides: string[];
}

/**
 * Takes the file out of `train FILE KEY VALUE` and `eval FILE`: the first word where it has a folder or is YAML, or where it is
 * no key and one too many for pairs.
 *
 * @param words what stands behind the options
 * @param kind what a file is that is not YAML
 */
export function takeFile(words: readonly string[], kind: "cfg" | "ckpt"): TypedWords {
  const [first = "", ...overrides] = words;
  const odd = words.length % 2 === 1 && !looksLikeKey(first) && !first.includes("=");
  if (!/[/\\]/.test(first) && !YAML.test(first) && !odd) return { overrides: [...words] };
  return { [YAML.test(first) ? "cfg" : kind]: first, overrides };
}

/**
 * The one file that was named, by its option or without.
 *
 * @param given what the option says
 * @throws {UserError} where both do
 */
export function oneFile(
  option: string,
  given: string | undefined,
  file: string | undefined,
): string | undefined {
  if (given === undefined || file === undefined) return given ?? file;
  throw new UserError(
    `${option} names ${given} already; what is ${file} for? Settings come as pairs KEY VALUE`,
  );
}
