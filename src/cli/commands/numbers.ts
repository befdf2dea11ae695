import { InvalidArgumentError } from "@commander-js/extra-typings";

/**
 * Parses an option that takes a number for each channel.
 *
 * @throws InvalidArgumentError unless `text` is of numbers with commas or spaces between them.
 */
export function numbers(text: string): number[] {
  const list = text.split(/[\s,]+/).filter((word) => word !== "").map(Number);
  if (list.length > 0 && list.every(Number.isFinite)) return list;
  throw new InvalidArgumentError("numbers with commas between them, such as 0.5,0.5,0.5");
}

/**
 * Parses an option that takes a standard deviation for each channel.
 *
 * @throws InvalidArgumentError as {@linkcode numbers}, and unless all are above 0.
 */
export function deviations(text: string): number[] {
  const list = numbers(text);
  if (list.every((each) => each > 0)) return list;
  throw new InvalidArgumentError(
    "numbers above 0 with commas between them, such as 0.25,0.25,0.25",
  );
}
