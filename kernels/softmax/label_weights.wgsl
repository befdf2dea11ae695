// What each label counts: picks[n] = the label, or 0 where it is `ignored`; counts[n] = weight[label], or 1 without WEIGHT,
// and 0 where it is ignored; kept[n] = 0 where it is ignored, else 1.
// labels, picks: int32 [rows]; weight: float32 [classes]; counts, kept: float32 [rows]. A label out of range counts NaN.
// Dispatch: one thread a row, groups of 64. Template: WEIGHT.
struct Params { rows: u32, classes: u32, ignores: u32, ignored: i32, nan: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> labels: array<i32>;
//: if WEIGHT
@group(0) @binding(2) var<storage, read> weight: array<f32>;
//: end
@group(0) @binding(3) var<storage, read_write> picks: array<i32>;
@group(0) @binding(4) var<storage, read_write> counts: array<f32>;
@group(0) @binding(5) var<storage, read_write> kept: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = (group.x + group.y * groups.x) * 64u + lane;
  if (row >= params.rows) { return; }
  let label = labels[row];
  let left_out = params.ignores == 1u && label == params.ignored;
  let inside = u32(label) < params.classes;
  let pick = select(0, label, inside && !left_out);
  picks[row] = pick;
  //: if WEIGHT
  let count = select(params.nan, weight[pick], inside);
  //: else
  let count = select(params.nan, 1.0, inside);
  //: end
  counts[row] = select(count, 0.0, left_out);
  kept[row] = select(1.0, 0.0, left_out);
}
