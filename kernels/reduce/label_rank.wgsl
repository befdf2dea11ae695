// rank[n] = how many classes come before the label of n: logits that are NaN, strictly greater, or equal at a lower index.
// x: float32 [N, C], labels: int32 [N], rank: uint32 [N]; the largest uint32 for a label out of range.
// Dispatch: LANES neighbouring threads a row, groups of 64. Template: LANES (1 or 64).
struct Params { rows: u32, classes: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> labels: array<i32>;
@group(0) @binding(3) var<storage, read_write> rank: array<u32>;

//: if LANES > 1
var<workgroup> parts: array<u32, 64>;
//: end

// Compilers may assume that there is no NaN, so the bits are looked at.
fn isNan(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let block = group.x + group.y * groups.x;
  //: if LANES > 1
  let row = block;
  let lane = thread;
  //: else
  let row = block * 64u + thread;
  let lane = 0u;
  //: end
  if (row >= params.rows) { return; }
  let first = row * params.classes;
  let label = u32(labels[row]);
  let value = x[first + min(label, params.classes - 1u)];
  var before = 0u;
  for (var c = lane; c < params.classes; c += ${LANES}u) {
    let other = x[first + c];
    if (isNan(other) || other > value || (other == value && c < label)) { before++; }
  }
  //: if LANES > 1
  parts[thread] = before;
  for (var half = 32u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (thread < half) { parts[thread] += parts[thread + half]; }
  }
  if (thread > 0u) { return; }
  before = parts[0];
  //: end
  // A logit that is NaN ranks last.
  rank[row] = select(0xffffffffu, before, label < params.classes && !isNan(value));
}
