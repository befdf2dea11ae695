// sums += weight.x * gradients, blocks of 1024 elements; weight is read from memory so that it may change between replays.
// float32. Dispatch: one workgroup a block: 64 threads, four vec4 each.
@group(0) @binding(0) var<uniform> weight: vec4f;
@group(0) @binding(1) var<storage, read> gradients: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> sums: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let first = (group.x + group.y * groups.x) * 256u + thread;
  if (first >= arrayLength(&sums)) { return; }
  for (var k = 0u; k < 4u; k++) {
    let i = first + k * 64u;
    sums[i] += weight.x * gradients[i];
  }
}
