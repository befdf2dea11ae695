// y = x in another type, rounded to the nearest
// x: FROM, y: TO; each f32 or f16. Whole blocks of 1024: one workgroup a block, 64 threads, four vec4 each.
@group(0) @binding(0) var<storage, read> x: array<vec4<${FROM}>>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4<${TO}>>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let first = (group.x + group.y * groups.x) * 256u + thread;
  if (first >= arrayLength(&y)) { return; }
  for (var k = 0u; k < 4u; k++) {
    let i = first + k * 64u;
    y[i] = vec4<${TO}>(x[i]);
  }
}
