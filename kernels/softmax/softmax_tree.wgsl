// The soft-max of softmax.wgsl along rows, for discrete GPUs: a workgroup a row. float32, [outer, count].
// Dispatch: one group a row, LANES (a power of two) threads. Template: LOG, LANES, ROWS (1).
struct Params { outer: u32, count: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

alias Lane = f32;
//: include "lanes"
//: include "join_lanes" NAME = "lanesSum", JOIN = "a + b"
//: include "join_lanes" NAME = "lanesMax", JOIN = "max(a, b)"

//: include "rows"
fn eachRow(n: u32, lane: u32, thread: u32) {
  let first = min(n, params.outer - 1u) * params.count;
  var most = x[first];
  for (var r = lane; r < params.count; r += ${LANES}u) { most = max(most, x[first + r]); }
  let largest = lanesMax(most, thread);
  var sum = 0.0;
  for (var r = lane; r < params.count; r += ${LANES}u) { sum += exp(x[first + r] - largest); }
  let total = lanesSum(sum, thread);
  if (n >= params.outer) { return; }
  //: if LOG
  let shift = log(total);
  for (var r = lane; r < params.count; r += ${LANES}u) { y[first + r] = (x[first + r] - largest) - shift; }
  //: else
  let factor = 1.0 / total;
  for (var r = lane; r < params.count; r += ${LANES}u) { y[first + r] = exp(x[first + r] - largest) * factor; }
  //: end
}
