// faults[slot] = 2^32 - 1 - i for the first index[i] that is outside of [0, size) and not `ignored`; larger ones stay.
// index: int32 [count]; faults: uint32, 0 where nothing is wrong. ignores: 0 when nothing is ignored.
// Dispatch: one thread an index, groups of 64.
struct Params { count: u32, size: u32, slot: u32, ignores: u32, ignored: i32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> index: array<i32>;
@group(0) @binding(2) var<storage, read_write> faults: array<atomic<u32>>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.x + group.y * groups.x) * 64u + thread;
  if (i >= params.count) { return; }
  let value = index[i];
  if (u32(value) < params.size || (params.ignores == 1u && value == params.ignored)) { return; }
  atomicMax(&faults[params.slot], 0xffffffffu - i);
}
