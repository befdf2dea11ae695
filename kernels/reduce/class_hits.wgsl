// hits[c] += how many rows n have labels[n] == c and rank[n] == 0. rank: uint32 [rows], labels: int32 [rows], hits: float32 [C].
// Dispatch: one thread a class, groups of 64.
struct Params { rows: u32, classes: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> rank: array<u32>;
@group(0) @binding(2) var<storage, read> labels: array<i32>;
@group(0) @binding(3) var<storage, read_write> hits: array<f32>;

//: include "grid" GROUP = "64u"
fn each(c: u32) {
  if (c >= params.classes) { return; }
  var count = 0u;
  for (var n = 0u; n < params.rows; n++) {
    count += select(0u, 1u, labels[n] == i32(c) && rank[n] == 0u);
  }
  hits[c] += f32(count);
}
