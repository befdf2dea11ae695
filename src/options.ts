/** Every option of `T` by its name: a name that is missing here, or not one of `T`, does not compile. */
export type OptionNames<T> = Readonly<Record<keyof T, true>>;

/**
 * Refuses options that do not exist: where types are not checked a misspelt or missing one would be ignored.
 *
 * @param what the function or class, for the message, such as `conv2d()`
 * @throws TypeError naming the option and those there are.
 */
export function checkOptions<T extends object>(
  what: string,
  options: T,
  known: OptionNames<T>,
): void {
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(known, name)) continue;
    throw new TypeError(`${what} has no option ${name}; it has ${Object.keys(known).join(", ")}`);
  }
}
