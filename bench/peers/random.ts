/** Seeded values in [-scale, scale): every engine gets the same kind of numbers to work on. */
export function values(length: number, scale: number, seed = 1): Float32Array<ArrayBuffer> {
  let state = seed >>> 0;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 31 - 1) * scale;
  });
}

/** Class numbers 0 to `classes` - 1 for a batch of `length` images. */
export function labels(length: number, classes: number): Int32Array<ArrayBuffer> {
  return Int32Array.from({ length }, (_, i) => (i * 7) % classes);
}
