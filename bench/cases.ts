/**
 * The cases of a benchmark: all of them on a graphics card or behind `deno bench -- --full`; on the software adapter else a
 * few, so that all benchmarks together end within three minutes.
 *
 * @param few whether a case is one of the few
 */
export function cases<T>(
  { software }: { readonly software: boolean },
  all: readonly T[],
  few: (each: T) => boolean,
): readonly T[] {
  return software && !Deno.args.includes("--full") ? all.filter(few) : all;
}
