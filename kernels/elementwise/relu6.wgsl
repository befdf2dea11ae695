// y = min(max(x, 0), 6), NaN where x is NaN
// x, y: E, f32 or f16. Whole blocks of 1024: one workgroup a block, 64 threads, four vec4 each.
@group(0) @binding(0) var<storage, read> x: array<vec4<${E}>>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4<${E}>>;

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
    let value = x[i];
    // Compilers may assume that there is no NaN, so the bits are looked at.
    let nan = (bitcast<vec4u>(vec4f(value)) & vec4u(0x7fffffffu)) > vec4u(0x7f800000u);
    y[i] = select(min(max(value, vec4<${E}>(0.0)), vec4<${E}>(6.0)), value, nan);
  }
}
