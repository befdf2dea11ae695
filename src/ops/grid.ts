/** Elements that one workgroup of an element-wise kernel handles: 64 threads, four vec4 each. */
const ELEMENTWISE_BLOCK = 64 * 4 * 4;

/** Most workgroups in one dimension of a dispatch, on every adapter. */
export const MAX_WORKGROUPS = 65535;

/**
 * Workgroups for an element-wise kernel over `count` elements: 64 threads, four vec4 a thread, no tail
 * guard (buffers are padded to whole blocks). The kernel's group index is
 * `group.x + group.y * groups.x`; with more than 65,535 groups some lie past the end, where writes
 * must be guarded, so such kernels return when the index passes `arrayLength`.
 */
export function elementwiseGrid(count: number): [number, number] {
  return linearGrid(Math.ceil(count / ELEMENTWISE_BLOCK));
}

/** Workgroups laid out in two dimensions when there are more than one dimension may hold. */
export function linearGrid(groups: number): [number, number] {
  if (groups <= MAX_WORKGROUPS) return [groups, 1];
  const rows = Math.ceil(groups / MAX_WORKGROUPS);
  return [Math.ceil(groups / rows), rows];
}
