/** Where an array lies in memory; it stays there as long as somebody holds the array. */
export function addressOf(array: Uint8Array | Float32Array): number {
  // Small arrays lie where the garbage collector moves them until their buffer is asked for.
  const { buffer } = array;
  if (buffer.byteLength === 0) return 0;
  return Number(Deno.UnsafePointer.value(Deno.UnsafePointer.of(array as Uint8Array<ArrayBuffer>)));
}
