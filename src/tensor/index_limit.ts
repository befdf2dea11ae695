/** What an op demands of the integers it was given. */
export interface IndexLimit {
  /** The op and the role of the integers, such as `gather() by an index`. */
  readonly use: string;
  /** They are 0 to `size - 1`. */
  readonly size: number;
  /** One more that is allowed. */
  readonly ignored?: number;
}

/** @throws RangeError for the first of `values` that `limit` forbids. */
export function checkIndices(values: ArrayLike<number>, limit: IndexLimit): void {
  const { size, ignored } = limit;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if ((value >= 0 && value < size) || value === ignored) continue;
    throw new RangeError(`${limit.use} of ${value}, ${place(i)}: ${wanted(limit)}`);
  }
}

/** The text of an error about integers that only the device knows. */
export function deviceFault(limit: IndexLimit, position: number): string {
  return `${limit.use} that was computed on the device, ${place(position)}: ${wanted(limit)}`;
}

/** Whether two limits are the same. */
export function sameLimit(a: IndexLimit, b: IndexLimit): boolean {
  return a.use === b.use && a.size === b.size && a.ignored === b.ignored;
}

function place(i: number): string {
  return `element ${i}`;
}

function wanted({ size, ignored }: IndexLimit): string {
  const also = ignored === undefined ? "" : ` (or ${ignored}, which is ignored)`;
  return `0 to ${size - 1} is wanted${also}`;
}
