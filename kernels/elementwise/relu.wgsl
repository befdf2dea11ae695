// y = max(x, 0), NaN where x is NaN
// x, y: E, f32 or f16; whole blocks of 1024. One workgroup a block: 64 threads, four vec4 each.
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
    // As integers, the floats from -0 to -Infinity are those up to -0x800000. NaN of either sign lies above and passes.
    let closed = bitcast<vec4i>(vec4f(value)) <= vec4i(-0x800000);
    y[i] = select(value, vec4<${E}>(0.0), closed);
  }
}
