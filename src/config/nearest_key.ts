import { editDistance, nearestName } from "../registry/nearest_name.ts";
import { FIELDS, SECTIONS } from "./keys.ts";

/** A longer name is no slip of the pen, and comparing it letter by letter takes long. */
const LONGEST_NAME = 80;

/** The nearest of some names by edit distance, or null where more than a third of the letters would have to change. */
function nearest(name: string, names: readonly string[]): string | null {
  const found = nearestName(name, names);
  return editDistance(name, found) > name.length / 3 ? null : found;
}

function parts(key: string): { first: string; last: string } {
  const names = key.split(".");
  return { first: names[0], last: names.at(-1)! };
}

/**
 * The key, or the section where `isSection`, that `name` was probably meant to be: one with the same last part, if possible
 * in the same section; else the nearest by edit distance; null where none is near.
 */
export function nearestKey(name: string, isSection = false): string | null {
  if (name.length > LONGEST_NAME) return null;
  // As keys are written.
  const given = name.toUpperCase();
  const names = isSection ? SECTIONS : [...FIELDS.keys()];
  const { first, last } = parts(given);
  const endingIn = (end: string | null) => names.filter((key) => parts(key).last === end);
  const alike = endingIn(last);
  if (alike.length > 0) {
    const here = alike.filter((key) => parts(key).first === first);
    return nearestName(given, here.length > 0 ? here : alike);
  }
  const found = nearest(given, names);
  if (found !== null || given.includes(".")) return found;
  const similar = endingIn(nearest(last, names.map((key) => parts(key).last)));
  return similar.length > 0 ? nearestName(given, similar) : null;
}
