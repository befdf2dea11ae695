// What the kernels whose lanes share loads cost on the software adapter, in instructions for the lanes of a vector. A load is one
// of every lane, with a check of each of its words; weights come from a uniform buffer, without.

/** Elements a load. */
export type Vector = 1 | 2 | 4 | 8;

/** A load of so many elements. */
export const LOAD: Readonly<Record<Vector, number>> = { 1: 160, 2: 128, 4: 176, 8: 272 };
/** Handing a loaded element to all lanes. */
export const BROADCAST = 1.6;
/** A product that is added to a sum. */
export const MULTIPLY_ADD = 2;
/** A sum that is loaded and stored once in a turn of the loop. */
export const SUM = 3;

/** How far an element, which may be before the first, is behind the begin of its vector. */
export function behind(element: number, vector: Vector): number {
  return (element % vector + vector) % vector;
}
