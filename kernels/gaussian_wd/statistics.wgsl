// Mean and standard deviation of student and teacher in every window of a grid over the plane, and what the
// Gaussian Wasserstein distance adds up: the squared differences of both.
//   std = sqrt(unbiased variance + eps); window (i, j) covers rows floor(i H / grid) to ceil((i + 1) H / grid)
// student, teacher: E, f32 or f16, [planes, height, width]; stats: float32 [planes][grid][grid] vec4: student's mean and
// std, then student minus teacher of both; partials: float32 [groups] vec2, the group's sums of the squares.
// Dispatch: one group for ROWS windows, LANES threads a window. Template: E, LANES, ROWS.
struct Params { windows: u32, height: u32, width: u32, grid: u32, eps: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> student: array<${E}>;
@group(0) @binding(2) var<storage, read> teacher: array<${E}>;
@group(0) @binding(3) var<storage, read_write> stats: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> partials: array<vec2f>;

alias Lane = vec4f;
//: include "lanes"
//: include "join_lanes" NAME = "lanesSum", JOIN = "a + b"
var<workgroup> squares: array<vec2f, ${ROWS}>;

// n / d for n below 2^21, exact; integer division is done lane by lane on the CPU.
fn divide(n: u32, d: u32) -> u32 { return u32((f32(n) + 0.5) * (1.0 / f32(d))); }

// Bounds of window i along a side: start, end.
fn bounds(i: u32, size: u32) -> vec2u {
  return vec2u(divide(i * size, params.grid), divide((i + 1u) * size + params.grid - 1u, params.grid));
}

//: include "rows"
fn eachRow(window: u32, lane: u32, thread: u32) {
  let cells = params.grid * params.grid;
  let safe = min(window, params.windows - 1u);
  let plane = safe / cells;
  let cell = safe - plane * cells;
  let i = divide(cell, params.grid);
  let rows = bounds(i, params.height);
  let columns = bounds(cell - i * params.grid, params.width);
  let width = columns.y - columns.x;
  let count = (rows.y - rows.x) * width;

  // Sums are taken about the window's first element, so that squares do not cancel.
  let origin = (plane * params.height + rows.x) * params.width + columns.x;
  let shift = vec2f(vec2<${E}>(student[origin], teacher[origin]));
  // In blocks: a long sum of like numbers loses digits when they are added one by one.
  var sums = vec4f(0.0);
  for (var block = lane; block < count; block += ${LANES * 1024}u) {
    var some = vec4f(0.0);
    for (var e = block; e < min(block + ${LANES * 1024}u, count); e += ${LANES}u) {
      let row = divide(e, width);
      let at = origin + row * (params.width - width) + e;
      let d = vec2f(vec2<${E}>(student[at], teacher[at])) - shift;
      some += vec4f(d, d * d);
    }
    sums += some;
  }
  sums = lanesSum(sums, thread);

  if (lane == 0u) { squares[thread / ${LANES}u] = vec2f(0.0); }
  if (lane == 0u && window < params.windows) {
    let offset = sums.xy / f32(count);
    // Rounding may take it below zero; NaN, which max() would drop, stays.
    let difference = (sums.zw - sums.xy * offset) / f32(count - 1u);
    let variance = select(difference, vec2f(0.0), bitcast<vec2i>(difference) <= vec2i(-0x800000));
    let means = shift + offset;
    let stds = sqrt(variance + vec2f(params.eps));
    let differences = vec2f(means.x - means.y, stds.x - stds.y);
    stats[window] = vec4f(means.x, stds.x, differences);
    squares[thread / ${LANES}u] = differences * differences;
  }
  workgroupBarrier();
  if (thread == 0u) {
    var total = vec2f(0.0);
    for (var r = 0u; r < ${ROWS}u; r++) { total += squares[r]; }
    partials[window / ${ROWS}u] = total;
  }
}
