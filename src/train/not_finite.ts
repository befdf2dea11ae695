import { shown } from "../formats/visible.ts";

/** A number that is not finite, in a sentence: `NaN`, `inf` or `-inf`. */
export function notFiniteName(value: number): string {
  return Number.isNaN(value) ? "NaN" : value > 0 ? "inf" : "-inf";
}

/** Where among tensors numbers are NaN or infinite: `NaN in fc.bias (2 of 10 numbers) and 3 other tensors`; null where none is. */
export function findNotFinite(
  tensors: Iterable<readonly [string, { readonly data: ArrayLike<number> }]>,
): string | null {
  let first: string | null = null;
  let others = 0;
  for (const [name, { data }] of tensors) {
    const found = countNotFinite(data);
    if (!found) continue;
    if (first !== null) others++;
    else {
      const what = notFiniteName(found.value);
      first = `${what} in ${shown(name)} (${found.count} of ${data.length} numbers)`;
    }
  }
  return others === 0 ? first : `${first} and ${others} other tensor${others === 1 ? "" : "s"}`;
}

/** How many numbers are not finite, and the first of them; null where all are. */
function countNotFinite(data: ArrayLike<number>): { value: number; count: number } | null {
  let [value, count] = [0, 0];
  for (let i = 0; i < data.length; i++) {
    if (Number.isFinite(data[i])) continue;
    if (count === 0) value = data[i];
    count++;
  }
  return count > 0 ? { value, count } : null;
}
