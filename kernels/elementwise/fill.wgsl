// y = bits, 32 bits an element
// y: whole blocks of 1024. One workgroup a block: 64 threads, four vec4 each.
struct Params { bits: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> y: array<vec4u>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let first = (group.x + group.y * groups.x) * 256u + thread;
  if (first >= arrayLength(&y)) { return; }
  for (var k = 0u; k < 4u; k++) {
    y[first + k * 64u] = vec4u(params.bits);
  }
}
