import { InvalidArgumentError } from "@commander-js/extra-typings";

/**
 * Parses an option that counts something.
 *
 * @throws InvalidArgumentError unless `text` is an integer of at least 1.
 */
export function count(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) {
    throw new InvalidArgumentError("an integer of at least 1");
  }
  return number;
}
