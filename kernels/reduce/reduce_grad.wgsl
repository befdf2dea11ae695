// Gradients of the reductions over the middle of [outer, count, inner]. dx: E, dy: R, each f32 or f16; the rest float32.
// OP 0, sum and mean: dx = scale * dy[o, i], + added where ADD.
// OP 1, maximum: dx = dy[o, i] / ties[o, i] where x == center[o, i], else 0; NaN where center is.
// OP 3, variance: dx = scale * (x - center[o, i]) * dy[o, i].
// Dispatch: one thread for part s of a result (o, i), elements s * part to (s + 1) * part of the sum, or for VEC results
// side by side when ALONG is 0; groups of 64.
// Template: E, R, OP, ADD, VEC (elements a store, 1 or 4), ALONG (1: inner is 1 and a store goes along the sum).
//: include "vector"
//: include "result_vector"
struct Params { outer: u32, count: u32, inner: u32, splits: u32, part: u32, scale: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> dx: array<Stored>;
@group(0) @binding(2) var<storage, read> dy: array<StoredResult>;
//: if OP != 0
@group(0) @binding(3) var<storage, read> x: array<Vector>;
@group(0) @binding(4) var<storage, read> center: array<Result>;
//: end
//: if ADD
@group(0) @binding(3) var<storage, read> added: array<Stored>;
//: end
//: if OP == 1
@group(0) @binding(5) var<storage, read> ties: array<Result>;
//: end

//: if OP == 1
//: include "nan" T = "Vector", U = "Bits", B = "Bools"
//: end
//: include "grid" GROUP = "64u"
fn each(thread: u32) {
  //: if ALONG
  let inner = 1u;
  let count = params.count / ${VEC}u;
  let part = params.part / ${VEC}u;
  //: else
  let inner = params.inner / ${VEC}u;
  let count = params.count;
  let part = params.part;
  //: end
  if (thread >= params.outer * params.splits * inner) { return; }
  let row = thread / inner;
  let column = thread - row * inner;
  let outer = row / params.splits;
  let start = (row - outer * params.splits) * part;
  let end = min(start + part, count);
  let first = outer * count * inner + column;
  let result = outer * inner + column;
  //: if OP == 1
  let slope = Vector(Result(dy[result]) / ties[result]);
  //: else
  let slope = Vector(Result(dy[result]) * params.scale);
  //: end
  //: if OP != 0
  let middle = Vector(center[result]);
  //: end
  //: if OP == 1
  let nan = isNan(middle);
  let others = select(Vector(), middle, nan);
  //: end
  for (var r = start; r < end; r++) {
    let at = first + r * inner;
    //: if OP == 0 && !ADD
    dx[at] = stored(slope);
    //: end
    //: if OP == 0 && ADD
    dx[at] = stored(slope + loaded(added[at]));
    //: end
    //: if OP == 1
    dx[at] = stored(select(others, slope, !nan & (x[at] == middle)));
    //: end
    //: if OP == 3
    dx[at] = stored((x[at] - middle) * slope);
    //: end
  }
}
