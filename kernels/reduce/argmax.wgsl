// y[o, s, i] = the r of the largest x[o, r, i] in part s: the first NaN, or else the first of equals. x: float32 [outer, count, inner],
// y: int32 [outer, splits, inner]; part s is candidates s * part to (s + 1) * part.
// LISTED 0: the candidates are all r. LISTED 1: they are candidates[o, c, i] for c below listed, in ascending order.
// Dispatch: one thread an element of y, groups of 64. Template: LISTED.
struct Params { outer: u32, count: u32, inner: u32, listed: u32, splits: u32, part: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<i32>;
//: if LISTED
@group(0) @binding(3) var<storage, read> candidates: array<i32>;
//: end

//: include "nan" T = "f32", U = "u32", B = "bool"
//: include "grid" GROUP = "64u"
fn each(thread: u32) {
  if (thread >= params.outer * params.splits * params.inner) { return; }
  let column = thread % params.inner;
  let row = thread / params.inner;
  let outer = row / params.splits;
  let start = (row % params.splits) * params.part;
  let end = min(start + params.part, params.listed);
  let first = outer * params.count * params.inner + column;
  var best = 0u;
  var largest = 0.0;
  var hasNan = false;
  for (var c = start; c < end; c++) {
    //: if LISTED
    let r = u32(candidates[(outer * params.listed + c) * params.inner + column]);
    //: else
    let r = c;
    //: end
    let value = x[first + r * params.inner];
    let nan = isNan(value);
    if (c == start || (!hasNan && (nan || value > largest))) {
      largest = value;
      best = r;
      hasNan = nan;
    }
  }
  y[thread] = i32(best);
}
