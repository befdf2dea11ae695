/** Costs that a sum of float32 products may give two classes with the same features. */
const ZERO = 1e-6;
/** Costs that differ by less than this part of the largest tell no classes apart. */
const ALIKE = 0.01;

/**
 * Why WKD-L would learn little from a cost matrix [classes, classes], as a clause about the matrix; null where there is
 * nothing to say. Two classes have but one cost, which is like itself.
 *
 * @param sharpen k of the sharpened costs that are used in their place; 0, the default, where they are used as they are
 * @param section the section of its keys
 */
export function flatCosts(
  cost: Float32Array,
  classes: number,
  sharpen = 0,
  section = "WKD",
): string | null {
  const [low, high] = costRange(cost, classes);
  if (high <= ZERO) return "holds no cost above 0, so that WKD-L would teach nothing";
  if (classes < 3) return null;
  const range = `between ${low.toPrecision(4)} and ${high.toPrecision(4)}`;
  const told = "so that WKD-L would hardly tell classes apart";
  if (alike(low, high)) return `holds costs that are all alike to 1 %, ${range}, ${told}`;
  const sharpened = [low, high].map((each) => 1 - Math.exp(-sharpen * each));
  return sharpen > 0 && alike(sharpened[0], sharpened[1])
    ? `holds costs ${range}, which are all alike to 1 % once sharpened (${section}.COST_MATRIX_SHARPEN ${sharpen}), ${told}`
    : null;
}

/** Smallest and largest cost between different classes. */
function costRange(cost: Float32Array, classes: number): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  cost.forEach((value, at) => {
    if (Math.floor(at / classes) === at % classes) return;
    low = Math.min(low, value);
    high = Math.max(high, value);
  });
  return [low, high];
}

function alike(low: number, high: number): boolean {
  return high - low <= ALIKE * Math.abs(high);
}
