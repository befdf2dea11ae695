// The gradients of softmax_grad.wgsl along rows, for discrete GPUs: a workgroup a row. float32, [outer, count].
// Dispatch: outer groups of GROUP (a power of two) threads. Template: LOG.
override GROUP: u32 = 128u;
struct Params { outer: u32, count: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> y: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;

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
  var sum = 0.0;
  for (var r = lane; r < params.count; r += GROUP) {
    //: if LOG
    sum += dy[first + r];
    //: else
    sum += y[first + r] * dy[first + r];
    //: end
  }
  parts[lane] = sum;
  for (var half = GROUP / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { parts[lane] += parts[lane + half]; }
  }
  workgroupBarrier();
  let total = parts[0];
  for (var r = lane; r < params.count; r += GROUP) {
    let at = first + r;
    //: if LOG
    dx[at] = dy[at] - exp(y[at]) * total;
    //: else
    dx[at] = y[at] * (dy[at] - total);
    //: end
  }
}
