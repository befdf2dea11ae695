// Mean and standard deviation of student and teacher in every window of a grid over the plane, and what the
// Gaussian Wasserstein distance adds up: the squared differences of both.
//   std = sqrt(unbiased variance + eps); window (i, j) covers rows floor(i H / grid) to ceil((i + 1) H / grid)
// student, teacher: float32 [planes, height, width]; stats: float32 [planes][grid][grid] vec4: student's mean and
// std, then student minus teacher of both; partials: float32 [groups] vec2, the group's sums of the squares.
// Dispatch: one group for ROWS windows, LANES threads a window.
struct Params { windows: u32, height: u32, width: u32, grid: u32, eps: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> student: array<f32>;
@group(0) @binding(2) var<storage, read> teacher: array<f32>;
@group(0) @binding(3) var<storage, read_write> stats: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> partials: array<vec2f>;

override LANES: u32 = 8u;
override ROWS: u32 = 8u;
override THREADS: u32 = 64u;
var<workgroup> shared_sums: array<vec4f, THREADS>;

// n / d for n below 2^21, exact; integer division is done lane by lane on the CPU.
fn divide(n: u32, d: u32) -> u32 { return u32((f32(n) + 0.5) * (1.0 / f32(d))); }

// Bounds of window i along a side: start, end.
fn bounds(i: u32, size: u32) -> vec2u {
  return vec2u(divide(i * size, params.grid), divide((i + 1u) * size + params.grid - 1u, params.grid));
}

@compute @workgroup_size(LANES, ROWS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) local: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let index = group.x + group.y * groups.x;
  let window = index * ROWS + local.y;
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
  let shift = vec2f(student[origin], teacher[origin]);
  // In blocks: a long sum of like numbers loses digits when they are added one by one.
  var sums = vec4f(0.0);
  for (var block = local.x; block < count; block += 1024u * LANES) {
    var some = vec4f(0.0);
    for (var e = block; e < min(block + 1024u * LANES, count); e += LANES) {
      let row = divide(e, width);
      let at = origin + row * (params.width - width) + e;
      let d = vec2f(student[at], teacher[at]) - shift;
      some += vec4f(d, d * d);
    }
    sums += some;
  }
  shared_sums[thread] = sums;
  workgroupBarrier();

  var squares = vec2f(0.0);
  if (local.x == 0u && window < params.windows) {
    for (var l = 1u; l < LANES; l++) { sums += shared_sums[thread + l]; }
    let offset = sums.xy / f32(count);
    // Rounding may take it below zero; NaN, which max() would drop, stays.
    let difference = (sums.zw - sums.xy * offset) / f32(count - 1u);
    let variance = select(difference, vec2f(0.0), bitcast<vec2i>(difference) <= vec2i(-0x800000));
    let means = shift + offset;
    let stds = sqrt(variance + vec2f(params.eps));
    let differences = vec2f(means.x - means.y, stds.x - stds.y);
    stats[window] = vec4f(means.x, stds.x, differences);
    squares = differences * differences;
  }
  workgroupBarrier();
  shared_sums[thread] = vec4f(squares, 0.0, 0.0);
  workgroupBarrier();
  if (thread == 0u) {
    var total = vec2f(0.0);
    for (var l = 0u; l < THREADS; l += LANES) { total += shared_sums[l].xy; }
    partials[index] = total;
  }
}
