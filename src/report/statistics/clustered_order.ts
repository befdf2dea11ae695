/**
 * An order of classes in which those that are near one another stand together: the leaves of the tree that average linkage
 * makes, of two branches the one nearer to what stands before first. Takes a time that goes with the square of their number.
 *
 * @param distance of two classes; symmetric
 * @returns the classes, 0 to `count` - 1, in that order
 */
export function clusteredOrder(
  count: number,
  distance: (a: number, b: number) => number,
): number[] {
  const clusters: { classes: number[]; near: Float64Array }[] = Array.from(
    { length: count },
    (_, a) => ({
      classes: [a],
      near: Float64Array.from({ length: count }, (_, b) => (distance(a, b) + distance(b, a)) / 2),
    }),
  );
  const alive = new Set(clusters.keys());
  const chain: number[] = [];
  while (alive.size > 1) {
    if (chain.length === 0) chain.push(alive.values().next().value!);
    const last = chain.at(-1)!;
    const nearest = nearestOf(last, chain.at(-2) ?? -1, alive, clusters);
    if (nearest !== chain.at(-2)) {
      chain.push(nearest);
      continue;
    }
    chain.splice(-2);
    merge(last, nearest, alive, clusters, distance);
  }
  const [root] = alive;
  return root === undefined ? [] : clusters[root].classes;
}

type Clusters = { classes: number[]; near: Float64Array }[];

/** The nearest cluster; of several the one before in the chain, so that the chain ends. */
function nearestOf(of: number, before: number, alive: Set<number>, clusters: Clusters): number {
  const { near } = clusters[of];
  let best = before;
  for (const each of alive) {
    if (each !== of && (best < 0 || near[each] < near[best])) best = each;
  }
  return best;
}

/** Makes two clusters one, in the place of the first by number. */
function merge(
  a: number,
  b: number,
  alive: Set<number>,
  clusters: Clusters,
  distance: (a: number, b: number) => number,
): void {
  const [into, from] = [Math.min(a, b), Math.max(a, b)];
  const [first, second] = [clusters[into], clusters[from]];
  const [n, m] = [first.classes.length, second.classes.length];
  alive.delete(from);
  for (const each of alive) {
    if (each === into) continue;
    const near = (n * first.near[each] + m * second.near[each]) / (n + m);
    first.near[each] = clusters[each].near[into] = near;
  }
  first.classes = joined(first.classes, second.classes, distance);
}

/** Both one after the other, turned so that their nearest ends meet. */
function joined(
  first: readonly number[],
  second: readonly number[],
  distance: (a: number, b: number) => number,
): number[] {
  const ends = [
    { near: distance(first.at(-1)!, second[0]), order: [...first, ...second] },
    { near: distance(first.at(-1)!, second.at(-1)!), order: [...first, ...second.toReversed()] },
    { near: distance(first[0], second[0]), order: [...first.toReversed(), ...second] },
    { near: distance(second.at(-1)!, first[0]), order: [...second, ...first] },
  ];
  return ends.reduce((best, each) => each.near < best.near ? each : best).order;
}
