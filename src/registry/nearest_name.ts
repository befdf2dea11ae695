/**
 * The name with the fewest edits to `given`, whatever the case; of equals the one nearest in case, then the first.
 *
 * @param given what was written
 * @param names those that there are, at least one
 */
export function nearestName(given: string, names: readonly string[]): string {
  const distances = names.map((name) =>
    editDistance(given.toLowerCase(), name.toLowerCase()) + 1e-3 * editDistance(given, name)
  );
  return names[distances.indexOf(Math.min(...distances))];
}

/** How many letters have to be put in, left out or changed to make `b` of `a` (Levenshtein, 1966). */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1] + Number(a[i - 1] !== b[j - 1]);
      next.push(Math.min(change, row[j] + 1, next[j - 1] + 1));
    }
    row = next;
  }
  return row[b.length];
}
