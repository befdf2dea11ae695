// partials[s, i] = sum over the rows of part s of dy * (x - mean) * factor; behind them, at [splits + s, i], of dy alone.
// stats[row] = (mean, factor) as layer_norm.wgsl wrote it. x, dy: float32 [rows, count]; partials: [2 splits, count]; part s is
// rows s * part to (s + 1) * part. Dispatch: one thread a column of a part, groups of 64.
struct Params { rows: u32, count: u32, splits: u32, part: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read> stats: array<vec2f>;
@group(0) @binding(4) var<storage, read_write> partials: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let thread = (group.x + group.y * groups.x) * 64u + lane;
  if (thread >= params.splits * params.count) { return; }
  let column = thread % params.count;
  let split = thread / params.count;
  var sums = vec2f();
  for (var row = split * params.part; row < min((split + 1u) * params.part, params.rows); row++) {
    let at = row * params.count + column;
    let stat = stats[row];
    sums += dy[at] * vec2f((x[at] - stat.x) * stat.y, 1.0);
  }
  partials[thread] = sums.x;
  partials[params.splits * params.count + thread] = sums.y;
}
