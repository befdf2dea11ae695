// dx = factor * (g - mean of g - h * mean of g h) of every row, with h = (x - mean) * factor and g = dy [* weight];
// stats[row] = (mean, factor) as layer_norm.wgsl wrote it. x, dy, dx: float32 [rows, count]; weight: [count].
// Dispatch: one group for ROWS rows, LANES threads a row. Template: WEIGHT.
struct Params { rows: u32, count: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read> stats: array<vec2f>;
//: if WEIGHT
@group(0) @binding(4) var<storage, read> weight: array<f32>;
//: end
@group(0) @binding(5) var<storage, read_write> dx: array<f32>;

override LANES: u32 = 64u;
override ROWS: u32 = 1u;
override THREADS: u32 = 64u;
var<workgroup> parts: array<vec2f, THREADS>;

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
  let stat = stats[row];

  // In blocks: a long sum of like numbers loses digits when they are added one by one.
  var sums = vec2f();
  for (var start = local.x; start < params.count; start += block) {
    var some = vec2f();
    for (var i = start; i < min(start + block, params.count); i += LANES) {
      var g = dy[first + i];
      //: if WEIGHT
      g *= weight[i];
      //: end
      some += vec2f(g, g * (x[first + i] - stat.x) * stat.y);
    }
    sums += some;
  }
  parts[thread] = sums;
  workgroupBarrier();
  sums = vec2f();
  for (var l = 0u; l < LANES; l++) { sums += parts[leader + l]; }
  if (n >= params.rows) { return; }
  let means = sums / f32(params.count);
  for (var i = local.x; i < params.count; i += LANES) {
    var g = dy[first + i];
    //: if WEIGHT
    g *= weight[i];
    //: end
    let h = (x[first + i] - stat.x) * stat.y;
    dx[first + i] = stat.y * (g - means.x - h * means.y);
  }
}
