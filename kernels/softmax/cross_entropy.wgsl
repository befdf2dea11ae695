// loss[n] = log(total) - (1 - smoothing) * (x[n, label] - max) - smoothing / C * sum of (x[n, c] - max), where
// total = sum of exp(x[n, c] - max); stats[n] = (max, 1 / total). A label out of range makes both of its row NaN.
// x: float32 [N, C], labels: int32 [N], loss: float32 [N], stats: float32 [N, 2].
// Dispatch: LANES neighbouring threads a row, groups of 64. Template: LANES (1, for adapters that run on the CPU, or
// 64, whose threads read neighbouring elements).
struct Params { rows: u32, classes: u32, smoothing: f32, nan: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> labels: array<i32>;
@group(0) @binding(3) var<storage, read_write> loss: array<f32>;
@group(0) @binding(4) var<storage, read_write> stats: array<vec2f>;

//: if LANES > 1
var<workgroup> parts: array<vec2f, 64>;
//: end

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let block = group.x + group.y * groups.x;
  //: if LANES > 1
  let row = block;
  let lane = thread;
  //: else
  let row = block * 64u + thread;
  let lane = 0u;
  //: end
  if (row >= params.rows) { return; }
  let first = row * params.classes;
  var largest = x[first];
  for (var c = lane; c < params.classes; c += ${LANES}u) { largest = max(largest, x[first + c]); }
  //: if LANES > 1
  parts[thread].x = largest;
  for (var half = 32u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (thread < half) { parts[thread].x = max(parts[thread].x, parts[thread + half].x); }
  }
  workgroupBarrier();
  largest = parts[0].x;
  workgroupBarrier();
  //: end
  // Of the exponentials, and of the differences; in blocks, since a long sum loses digits when added one by one.
  var sums = vec2f();
  for (var block = lane; block < params.classes; block += ${LANES * 1024}u) {
    var some = vec2f();
    for (var c = block; c < min(block + ${LANES * 1024}u, params.classes); c += ${LANES}u) {
      let d = x[first + c] - largest;
      some += vec2f(exp(d), d);
    }
    sums += some;
  }
  //: if LANES > 1
  parts[thread] = sums;
  for (var half = 32u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (thread < half) { parts[thread] += parts[thread + half]; }
  }
  if (thread > 0u) { return; }
  sums = parts[0];
  //: end
  let label = u32(labels[row]);
  let valid = label < params.classes;
  let hit = x[first + select(0u, label, valid)] - largest;
  // A logit of -inf makes the sum of the differences infinite, which counts only when there is a share of it.
  let spread = select(0.0, params.smoothing / f32(params.classes) * sums.y, params.smoothing > 0.0);
  let value = log(sums.x) - (1.0 - params.smoothing) * hit - spread;
  loss[row] = select(params.nan, value, valid);
  stats[row] = vec2f(largest, select(params.nan, 1.0 / sums.x, valid));
}
