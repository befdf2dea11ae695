// dx = factor * (g - mean of g - h * mean of g h) of every row, with h = (x - mean) * factor and g = dy [* weight];
// stats[row] = (mean, factor) as layer_norm.wgsl wrote it. x, dy, dx: float32 [rows, count]; weight: [count].
// Dispatch: one group for ROWS rows, LANES threads a row. Template: LANES, ROWS, WEIGHT.
struct Params { rows: u32, count: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read> stats: array<vec2f>;
//: if WEIGHT
@group(0) @binding(4) var<storage, read> weight: array<f32>;
//: end
@group(0) @binding(5) var<storage, read_write> dx: array<f32>;

alias Lane = vec2f;
//: include "lanes"
//: include "join_lanes" NAME = "lanesSum", JOIN = "a + b"

//: include "rows"
fn eachRow(n: u32, lane: u32, thread: u32) {
  let row = min(n, params.rows - 1u);
  let first = row * params.count;
  let block = ${LANES * 1024}u;
  let stat = stats[row];

  // In blocks: a long sum of like numbers loses digits when they are added one by one.
  var sums = vec2f();
  for (var start = lane; start < params.count; start += block) {
    var some = vec2f();
    for (var i = start; i < min(start + block, params.count); i += ${LANES}u) {
      var g = dy[first + i];
      //: if WEIGHT
      g *= weight[i];
      //: end
      some += vec2f(g, g * (x[first + i] - stat.x) * stat.y);
    }
    sums += some;
  }
  sums = lanesSum(sums, thread);
  if (n >= params.rows) { return; }
  let means = sums / f32(params.count);
  for (var i = lane; i < params.count; i += ${LANES}u) {
    var g = dy[first + i];
    //: if WEIGHT
    g *= weight[i];
    //: end
    let h = (x[first + i] - stat.x) * stat.y;
    dx[first + i] = stat.y * (g - means.x - h * means.y);
  }
}
