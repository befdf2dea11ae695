import { InvalidArgumentError } from "@commander-js/extra-typings";

/** Parses an option that takes a number; `wanted` says in words which `accepts` takes. */
function numberOption(
  wanted: string,
  accepts: (number: number, text: string) => boolean,
): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (text.trim() !== "" && accepts(number, text)) return number;
    throw new InvalidArgumentError(wanted);
  };
}

const isInteger = (least: number, most = Infinity) => (number: number) =>
  Number.isInteger(number) && number >= least && number <= most;

/** Parses an option that counts something. */
export const count = numberOption("an integer of at least 1", isInteger(1));

/** Parses an option that counts threads, of which there may be none. */
export const threads = numberOption("an integer from 0 to 256", isInteger(0, 256));

/** Parses an option that takes the side of pictures. */
export const side = numberOption("a number of pixels from 16 to 1024", isInteger(16, 1024));

/** Parses an option that takes a seed. */
export const seed = numberOption("an integer from 0 to 4294967295", isInteger(0, 0xffffffff));

/** Parses an option that takes a part of a whole. */
export const share = numberOption(
  "a share between 0 and 1, such as 0.1",
  (number) => number > 0 && number < 1,
);

/** Parses an option that takes a length, a factor and the like. */
export const positive = numberOption(
  "a number greater than 0",
  (number) => number > 0 && Number.isFinite(number),
);

const HIGHEST_PORT = 65535;

/** Parses an option that takes a port. */
export const port = numberOption(
  `an integer from 1 to ${HIGHEST_PORT}`,
  (number, text) => /^\d+$/.test(text) && number >= 1 && number <= HIGHEST_PORT,
);

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
