// The gradients of softmax_grad.wgsl along rows, for discrete GPUs: a workgroup a row. float32, [outer, count].
// Dispatch: one group a row, LANES (a power of two) threads. Template: LOG, LANES, ROWS (1).
struct Params { outer: u32, count: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> y: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;

alias Lane = f32;
//: include "lanes"
//: include "join_lanes" NAME = "lanesSum", JOIN = "a + b"

//: include "rows"
fn eachRow(n: u32, lane: u32, thread: u32) {
  let first = min(n, params.outer - 1u) * params.count;
  var sum = 0.0;
  for (var r = lane; r < params.count; r += ${LANES}u) {
    //: if LOG
    sum += dy[first + r];
    //: else
    sum += y[first + r] * dy[first + r];
    //: end
  }
  let total = lanesSum(sum, thread);
  if (n >= params.outer) { return; }
  for (var r = lane; r < params.count; r += ${LANES}u) {
    let at = first + r;
    //: if LOG
    dx[at] = dy[at] - exp(y[at]) * total;
    //: else
    dx[at] = y[at] * (dy[at] - total);
    //: end
  }
}
