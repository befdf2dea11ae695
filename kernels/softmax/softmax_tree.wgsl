// The soft-max of softmax.wgsl along rows, for discrete GPUs: a workgroup a row. float32, [outer, count].
// Dispatch: outer groups of GROUP (a power of two) threads. Template: LOG.
override GROUP: u32 = 128u;
struct Params { outer: u32, count: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

var<workgroup> parts: array<f32, GROUP>;

@compute @workgroup_size(GROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = group.x + group.y * groups.x;
  if (row >= params.outer) { return; }
  let first = row * params.count;
  var most = x[first];
  for (var r = lane; r < params.count; r += GROUP) { most = max(most, x[first + r]); }
  parts[lane] = most;
  for (var half = GROUP / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { parts[lane] = max(parts[lane], parts[lane + half]); }
  }
  workgroupBarrier();
  let largest = parts[0];
  workgroupBarrier();
  var sum = 0.0;
  for (var r = lane; r < params.count; r += GROUP) { sum += exp(x[first + r] - largest); }
  parts[lane] = sum;
  for (var half = GROUP / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { parts[lane] += parts[lane + half]; }
  }
  workgroupBarrier();
  //: if LOG
  let shift = log(parts[0]);
  for (var r = lane; r < params.count; r += GROUP) { y[first + r] = (x[first + r] - largest) - shift; }
  //: else
  let factor = 1.0 / parts[0];
  for (var r = lane; r < params.count; r += GROUP) { y[first + r] = exp(x[first + r] - largest) * factor; }
  //: end
}
