// y = (x - mean) * factor [* weight] [+ bias] of every row, factor = 1 / sqrt(variance + eps) with the biased variance;
// stats[row] = (mean, factor). x, y: float32 [rows, count]; weight, bias: [count].
// Dispatch: one group for ROWS rows, LANES threads a row. Template: WEIGHT, BIAS.
struct Params { rows: u32, count: u32, eps: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
//: if WEIGHT
@group(0) @binding(2) var<storage, read> weight: array<f32>;
//: end
//: if BIAS
@group(0) @binding(3) var<storage, read> bias: array<f32>;
//: end
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
@group(0) @binding(5) var<storage, read_write> stats: array<vec2f>;

override LANES: u32 = 64u;
override ROWS: u32 = 1u;
override THREADS: u32 = 64u;
var<workgroup> parts: array<f32, THREADS>;

// The sum of what the threads of a row have; every one gets it.
fn total(own: f32, thread: u32, leader: u32) -> f32 {
  parts[thread] = own;
  workgroupBarrier();
  var sum = 0.0;
  for (var l = 0u; l < LANES; l++) { sum += parts[leader + l]; }
  workgroupBarrier();
  return sum;
}

@compute @workgroup_size(LANES, ROWS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) local: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let n = (group.x + group.y * groups.x) * ROWS + local.y;
  let row = min(n, params.rows - 1u);
  let first = row * params.count;
  let leader = thread - local.x;
  let block = 1024u * LANES;

  // In blocks: a long sum of like numbers loses digits when they are added one by one.
  var sum = 0.0;
  for (var start = local.x; start < params.count; start += block) {
    var some = 0.0;
    for (var i = start; i < min(start + block, params.count); i += LANES) { some += x[first + i]; }
    sum += some;
  }
  let mean = total(sum, thread, leader) / f32(params.count);
  sum = 0.0;
  for (var start = local.x; start < params.count; start += block) {
    var some = 0.0;
    for (var i = start; i < min(start + block, params.count); i += LANES) {
      let d = x[first + i] - mean;
      some += d * d;
    }
    sum += some;
  }
  let factor = 1.0 / sqrt(total(sum, thread, leader) / f32(params.count) + params.eps);
  if (n >= params.rows) { return; }
  for (var i = local.x; i < params.count; i += LANES) {
    var value = (x[first + i] - mean) * factor;
    //: if WEIGHT
    value *= weight[i];
    //: end
    //: if BIAS
    value += bias[i];
    //: end
    y[first + i] = value;
  }
  if (local.x == 0u) { stats[n] = vec2f(mean, factor); }
}
