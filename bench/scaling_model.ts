/** A connection between two processes: seconds before the first byte arrives, and bytes a second after that. */
export interface Link {
  readonly latency: number;
  readonly bandwidth: number;
}

/** Where the ranks are. */
export interface Cluster {
  readonly ranks: number;
  /** Ranks on a host, which share its connection to the others. */
  readonly perHost: number;
  /** Between two ranks of a host. */
  readonly near: Link;
  /** Between two hosts. */
  readonly far: Link;
}

/** What one rank does in a step by itself, in seconds. */
export interface StepTimes {
  /** When each bucket of gradients has arrived at the host, from the beginning of the step. */
  readonly arrivals: readonly number[];
  /** Bytes of each bucket. */
  readonly bytes: readonly number[];
  /** From the last bucket's sum to the end of the step: upload and update. */
  readonly tail: number;
}

/** Bytes up to which both of two ranks send all they have: `FEW` floats of src/parallel/transfers.ts. */
const FEW_BYTES = 4 * 2048;

/**
 * Seconds in which a buffer is added over all ranks by recursive halving and doubling, as src/parallel/transfers.ts does it:
 * rank r exchanges with r ^ 1, r ^ 2, r ^ 4 and so on, so that what goes from host to host was added up on each host before.
 */
export function allReduceSeconds(bytes: number, { ranks, perHost, near, far }: Cluster): number {
  if (ranks === 1) return 0;
  const power = 2 ** Math.floor(Math.log2(ranks));
  const few = bytes <= FEW_BYTES;
  // What is over a power of two is added to a neighbour before, and told afterwards.
  let seconds = power === ranks ? 0 : 2 * message(bytes, near, 1);
  for (let distance = 1, part = bytes; distance < power; distance *= 2) {
    const isFar = distance >= perHost;
    if (!few) part /= 2;
    // All ranks of a host send at once.
    const one = message(part, isFar ? far : near, isFar ? Math.min(perHost, ranks) : 1);
    seconds += few ? one : 2 * one;
  }
  return seconds;
}

/** The same around a ring, which is what bandwidth alone would choose. */
export function ringSeconds(bytes: number, { ranks, perHost, near, far }: Cluster): number {
  if (ranks === 1) return 0;
  // The slowest of the ring's links holds up all.
  const link = ranks > perHost
    ? { latency: far.latency, bandwidth: Math.min(near.bandwidth, far.bandwidth) }
    : near;
  return 2 * (ranks - 1) * message(bytes / ranks, link, 1);
}

/**
 * The link between ranks that are all on one host, or each on a host of its own, by the times of adding up few bytes and many:
 * the inverse of `allReduceSeconds`.
 *
 * @param few bytes and seconds of a buffer of some bytes
 * @param many the same of one of megabytes
 */
export function linkOf(ranks: number, few: Timed, many: Timed): Link {
  const seconds = (bytes: number, link: Link) =>
    allReduceSeconds(bytes, { ranks, perHost: ranks, near: link, far: link });
  const messages = (bytes: number) => seconds(bytes, { latency: 1, bandwidth: Infinity });
  const moved = (bytes: number) => seconds(bytes, { latency: 0, bandwidth: 1 });
  const latency = few.seconds / messages(few.bytes);
  const moving = many.seconds - messages(many.bytes) * latency;
  // On a busy machine a few bytes may take as long as many: nothing is known of the bandwidth then.
  return { latency, bandwidth: moving > 0 ? moved(many.bytes) / moving : Infinity };
}

/**
 * The same by several measurements of few bytes and of many: by the median of either.
 *
 * @param all at least one pair, whose first is of as many bytes as the other pairs' first, and the second alike
 */
export function medianLink(ranks: number, all: readonly (readonly [Timed, Timed])[]): Link {
  const middle = (end: 0 | 1): Timed => {
    return { bytes: all[0][end].bytes, seconds: median(all.map((pair) => pair[end].seconds)) };
  };
  return linkOf(ranks, middle(0), middle(1));
}

/** The middle one of some numbers; of two in the middle the larger. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

/** How long adding up a buffer took. */
export interface Timed {
  readonly bytes: number;
  readonly seconds: number;
}

function message(bytes: number, { latency, bandwidth }: Link, sharing: number): number {
  return latency + bytes * sharing / bandwidth;
}

/**
 * Seconds of a step whose buckets are added over all ranks one after another, each as soon as it has arrived.
 *
 * @param allReduce seconds of adding up a buffer of so many bytes
 */
export function stepSeconds(
  { arrivals, bytes, tail }: StepTimes,
  allReduce: (bytes: number) => number,
): number {
  let end = 0;
  arrivals.forEach((arrival, i) => end = Math.max(end, arrival) + allReduce(bytes[i]));
  return end + tail;
}

/** What a network and a GPU are assumed to be where nothing is measured. */
export interface Assumed {
  /** Seconds of computing. */
  readonly compute: number;
  /** Share of them after which the first gradients are there. */
  readonly forward: number;
  /** Bytes of gradients, and in how many buckets they go. */
  readonly gradients: number;
  readonly buckets: number;
  /** From the device to the host and back. */
  readonly host: Link;
}

/** The times of a step whose gradients come evenly over the backward pass. */
export function assumedTimes({ compute, forward, gradients, buckets, host }: Assumed): StepTimes {
  const bytes = Array<number>(buckets).fill(gradients / buckets);
  const copy = host.latency + bytes[0] / host.bandwidth;
  const arrivals = bytes.map((_, i) =>
    compute * (forward + (1 - forward) * (i + 1) / buckets) + copy
  );
  return { arrivals, bytes, tail: copy };
}
