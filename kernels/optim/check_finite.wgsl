// overflow = 1 where a gradient is infinite or not a number; else it stays as it is
// gradients: float32 in blocks of 1024; those whose parameter has no gradient do not count.
// Dispatch: one workgroup a block: 64 threads, four vec4 each.
@group(0) @binding(0) var<storage, read> enabled: array<u32>;
@group(0) @binding(1) var<storage, read> gradients: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> overflow: atomic<u32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let block = group.x + group.y * groups.x;
  if (block * 256u >= arrayLength(&gradients) || enabled[block] == 0u) { return; }
  var bad = vec4<bool>(false);
  //: if LOOPS
  for (var i = block * 256u + thread; i < (block + 1u) * 256u; i += 64u) {
  //: else
  for (var k = 0u; k < 4u; k++) {
    let i = block * 256u + k * 64u + thread;
  //: end
    // Compilers may assume that there are no infinities, so the exponent bits are looked at.
    let bits = bitcast<vec4u>(gradients[i]);
    bad |= (bits & vec4u(0x7f800000u)) == vec4u(0x7f800000u);
  }
  if (any(bad)) { atomicStore(&overflow, 1u); }
}
