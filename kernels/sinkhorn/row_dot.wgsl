// y[n] = sum over j of a[n, j] b[n, j]. a, b: float32 [rows][stride] vec4; y: float32 [samples].
// Dispatch: one group for ROWS samples, LANES threads a sample.
struct Params { samples: u32, stride: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

override LANES: u32 = 64u;
override ROWS: u32 = 1u;
override THREADS: u32 = 64u;
var<workgroup> partial: array<f32, THREADS>;

@compute @workgroup_size(LANES, ROWS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) local: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let n = (group.x + group.y * groups.x) * ROWS + local.y;
  let row = min(n, params.samples - 1u) * params.stride;
  var sum = vec4f(0.0);
  for (var j = local.x; j < params.stride; j += LANES) { sum += a[row + j] * b[row + j]; }
  partial[thread] = (sum.x + sum.y) + (sum.z + sum.w);
  workgroupBarrier();
  if (local.x == 0u && n < params.samples) {
    var total = 0.0;
    for (var l = 0u; l < LANES; l++) { total += partial[thread + l]; }
    y[n] = total;
  }
}
