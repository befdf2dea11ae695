// y = (x - mean) * factor [* weight] [+ bias] of every row, factor = 1 / sqrt(variance + eps) with the biased variance;
// stats[row] = (mean, factor). x, y: float32 [rows, count]; weight, bias: [count].
// Dispatch: one group for ROWS rows, LANES threads a row. Template: LANES, ROWS, WEIGHT, BIAS.
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

alias Lane = f32;
//: include "lanes"
//: include "join_lanes" NAME = "lanesSum", JOIN = "a + b"

//: include "rows"
fn eachRow(n: u32, lane: u32, thread: u32) {
  let row = min(n, params.rows - 1u);
  let first = row * params.count;
  let block = ${LANES * 1024}u;

  // In blocks: a long sum of like numbers loses digits when they are added one by one.
  var sum = 0.0;
  for (var start = lane; start < params.count; start += block) {
    var some = 0.0;
    for (var i = start; i < min(start + block, params.count); i += ${LANES}u) { some += x[first + i]; }
    sum += some;
  }
  let mean = lanesSum(sum, thread) / f32(params.count);
  sum = 0.0;
  for (var start = lane; start < params.count; start += block) {
    var some = 0.0;
    for (var i = start; i < min(start + block, params.count); i += ${LANES}u) {
      let d = x[first + i] - mean;
      some += d * d;
    }
    sum += some;
  }
  let factor = 1.0 / sqrt(lanesSum(sum, thread) / f32(params.count) + params.eps);
  if (n >= params.rows) { return; }
  for (var i = lane; i < params.count; i += ${LANES}u) {
    var value = (x[first + i] - mean) * factor;
    //: if WEIGHT
    value *= weight[i];
    //: end
    //: if BIAS
    value += bias[i];
    //: end
    y[first + i] = value;
  }
  if (lane == 0u) { stats[n] = vec2f(mean, factor); }
}
