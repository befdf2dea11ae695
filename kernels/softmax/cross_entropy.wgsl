// loss[n] = log(total) - (1 - smoothing) * (x[n, label] - max) - smoothing / C * sum of (x[n, c] - max), where
// total = sum of exp(x[n, c] - max); stats[n] = (max, 1 / total). A label out of range makes both of its row NaN.
// x: float32 [N, C], labels: int32 [N], loss: float32 [N], stats: float32 [N, 2].
// Dispatch: one group for ROWS rows, LANES threads a row, which read neighbouring elements. Template: LANES, ROWS.
struct Params { rows: u32, classes: u32, smoothing: f32, nan: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> labels: array<i32>;
@group(0) @binding(3) var<storage, read_write> loss: array<f32>;
@group(0) @binding(4) var<storage, read_write> stats: array<vec2f>;

alias Lane = vec2f;
//: include "lanes"
//: include "join_lanes" NAME = "lanesSum", JOIN = "a + b"
//: include "join_lanes" NAME = "lanesMax", JOIN = "max(a, b)"

//: include "rows"
fn eachRow(n: u32, lane: u32, thread: u32) {
  let row = min(n, params.rows - 1u);
  let first = row * params.classes;
  var largest = x[first];
  for (var c = lane; c < params.classes; c += ${LANES}u) { largest = max(largest, x[first + c]); }
  largest = lanesMax(vec2f(largest), thread).x;
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
  sums = lanesSum(sums, thread);
  if (lane > 0u || n > row) { return; }
  let label = u32(labels[row]);
  let valid = label < params.classes;
  let hit = x[first + select(0u, label, valid)] - largest;
  // A logit of -inf makes the sum of the differences infinite, which counts only when there is a share of it.
  let spread = select(0.0, params.smoothing / f32(params.classes) * sums.y, params.smoothing > 0.0);
  let value = log(sums.x) - (1.0 - params.smoothing) * hit - spread;
  loss[row] = select(params.nan, value, valid);
  stats[row] = vec2f(largest, select(params.nan, 1.0 / sums.x, valid));
}
