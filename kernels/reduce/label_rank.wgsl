// rank[n] = how many classes come before the label of n: logits that are NaN, strictly greater, or equal at a lower index.
// x: float32 [N, C], labels: int32 [N], rank: uint32 [N]; the largest uint32 for a label out of range.
// Dispatch: one group for ROWS rows, LANES threads a row. Template: LANES, ROWS.
struct Params { rows: u32, classes: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> labels: array<i32>;
@group(0) @binding(3) var<storage, read_write> rank: array<u32>;

alias Lane = u32;
//: include "lanes"
//: include "join_lanes" NAME = "lanesSum", JOIN = "a + b"
//: include "nan" T = "f32", U = "u32", B = "bool"

//: include "rows"
fn eachRow(n: u32, lane: u32, thread: u32) {
  let row = min(n, params.rows - 1u);
  let first = row * params.classes;
  let label = u32(labels[row]);
  let value = x[first + min(label, params.classes - 1u)];
  var before = 0u;
  for (var c = lane; c < params.classes; c += ${LANES}u) {
    let other = x[first + c];
    if (isNan(other) || other > value || (other == value && c < label)) { before++; }
  }
  before = lanesSum(before, thread);
  if (lane > 0u || n > row) { return; }
  // A logit that is NaN ranks last.
  rank[row] = select(0xffffffffu, before, label < params.classes && !isNan(value));
}
