/**
 * Hands on what a callback returned that must be through by then.
 *
 * @param name of the function that the callback was given to, for the message
 * @throws TypeError when it is a promise: what the function set up has ended before the rest of the callback runs.
 */
export function synchronous<T>(name: string, result: T): T {
  if (result === null || typeof result !== "object" || !("then" in result)) return result;
  // Its own failure would come as an unhandled rejection beside this error.
  Promise.resolve(result).catch(() => {});
  throw new TypeError(
    `${name}() of an async function would be over at its first await; pass a function that awaits ` +
      `nothing, and await before or after`,
  );
}
