/** The name with the smallest edit distance to `given`, whatever the case; of equals the one nearest in case. */
export function nearestName(given: string, names: readonly string[]): string {
  const distances = names.map((name) =>
    distance(given.toLowerCase(), name.toLowerCase()) + 1e-3 * distance(given, name)
  );
  return names[distances.indexOf(Math.min(...distances))];
}

function distance(a: string, b: string): number {
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
