import type { Group } from "./group.ts";

/**
 * What rank 0 says, on every rank: a value that JSON can hold, with its arrays of numbers as ordinary ones.
 *
 * @param value of rank 0; the others' do not count
 */
export async function fromFirst<T>(group: Group, value: T | null): Promise<T> {
  if (group.size === 1) return value as T;
  const own = group.rank === 0 ? JSON.stringify(value) : "";
  const [first] = await group.allGather(new TextEncoder().encode(own));
  return group.rank === 0 ? value as T : JSON.parse(new TextDecoder().decode(first));
}

/**
 * Float32 numbers of rank 0, on every rank.
 *
 * @param values of rank 0; the others' do not count
 */
export async function numbersFromFirst(
  group: Group,
  values: Float32Array | null,
): Promise<Float32Array> {
  if (group.size === 1) return values!;
  const own = group.rank === 0
    ? new Uint8Array(values!.buffer, values!.byteOffset, values!.byteLength)
    : new Uint8Array();
  const [first] = await group.allGather(own);
  return group.rank === 0 ? values! : new Float32Array(first.slice().buffer);
}
