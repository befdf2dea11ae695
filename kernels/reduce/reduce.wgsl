// y[o, s, i] = scale * (the reduction over the elements r of part s of x[o, r, i]). x: E, y: R, each f32 or f16; sums are float32.
// x: [outer, count, inner], y: [outer, splits, inner]; part s is elements s * part to (s + 1) * part.
// OP 0: sum of x. OP 1: maximum of x, NaN if one is. OP 2: sum of x == center[o, i]. OP 3: sum of (x - center[o, i])^2.
// Dispatch: one thread an element of y, or VEC of them side by side when ALONG is 0; groups of GROUP.
// Template: E, R, OP, VEC (elements a load, 1 or 4), ALONG (1: inner is 1 and a load goes along the sum).
override GROUP: u32 = 64u;
//: include "vector"
//: include "result_vector"
struct Params { outer: u32, count: u32, inner: u32, splits: u32, part: u32, scale: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Stored>;
@group(0) @binding(2) var<storage, read_write> y: array<StoredResult>;
//: if OP >= 2
@group(0) @binding(3) var<storage, read> center: array<Result>;
//: end

//: if OP == 1
//: include "nan" T = "Vector", U = "Bits", B = "Bools"
fn larger(a: Vector, b: Vector) -> Vector { return select(max(a, b), a + b, isNan(a) | isNan(b)); }

//: end
//: include "grid" GROUP = "GROUP"
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
  let column = thread % inner;
  let row = thread / inner;
  let outer = row / params.splits;
  let start = (row % params.splits) * part;
  let end = min(start + part, count);
  let first = outer * count * inner + column;
  //: if OP >= 2
  let middle = Vector(center[outer * inner + column]);
  //: end
  //: if OP == 1
  var total = loaded(x[first + start * inner]);
  //: else
  var total = Vector();
  //: end
  //: if OP == 1
  for (var r = start; r < end; r++) { total = larger(total, loaded(x[first + r * inner])); }
  //: else
  // In blocks: a long sum of like numbers loses digits when they are added one by one.
  for (var block = start; block < end; block += 64u) {
    var some = Vector();
    for (var r = block; r < min(block + 64u, end); r++) {
      let value = loaded(x[first + r * inner]);
      //: if OP == 0
      some += value;
      //: end
      //: if OP == 2
      some += select(Vector(), Vector(1.0), value == middle);
      //: end
      //: if OP == 3
      some += (value - middle) * (value - middle);
      //: end
    }
    total += some;
  }
  //: end
  //: if VEC == 4 && ALONG && OP == 1
  total = larger(total, total.zwxy);
  y[thread] = StoredResult(larger(total, total.yxwz).x * params.scale);
  //: end
  //: if VEC == 4 && ALONG && OP != 1
  y[thread] = StoredResult(dot(total, vec4f(1.0)) * params.scale);
  //: end
  //: if VEC == 1 || !ALONG
  y[thread] = StoredResult(total * params.scale);
  //: end
}
