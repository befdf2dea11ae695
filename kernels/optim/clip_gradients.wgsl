// gradients *= clip[1], blocks of 1024 elements; nothing is done where that is 1. float32.
// Dispatch: one workgroup a block: 64 threads, four vec4 each.
@group(0) @binding(0) var<storage, read> clip: array<f32>;
@group(0) @binding(1) var<storage, read_write> gradients: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let first = (group.x + group.y * groups.x) * 256u + thread;
  if (first >= arrayLength(&gradients) || clip[1] == 1.0) { return; }
  for (var k = 0u; k < 4u; k++) {
    let i = first + k * 64u;
    gradients[i] *= clip[1];
  }
}
