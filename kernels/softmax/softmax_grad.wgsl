// dx = y * (dy - sum of y * dy) over the middle of [outer, count, inner]; LOG: dx = dy - exp(y) * sum of dy. float32.
// Dispatch: one thread a row (o, i), or four rows side by side when VEC is 4 and ALONG is 0; groups of GROUP.
// Template: LOG, VEC (elements a load, 1 or 4), ALONG (1: inner is 1 and a load goes along the row).
override GROUP: u32 = 64u;
//: include "vector" E = "f32"
struct Params { outer: u32, count: u32, inner: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> y: array<Vector>;
@group(0) @binding(2) var<storage, read> dy: array<Vector>;
@group(0) @binding(3) var<storage, read_write> dx: array<Vector>;

//: include "grid" GROUP = "GROUP"
fn each(thread: u32) {
  //: if ALONG
  let inner = 1u;
  let count = params.count / ${VEC}u;
  //: else
  let inner = params.inner / ${VEC}u;
  let count = params.count;
  //: end
  if (thread >= params.outer * inner) { return; }
  let first = thread / inner * count * inner + thread % inner;
  // In blocks of blocks: a long sum of like numbers loses digits when they are added one by one.
  var total = Vector();
  for (var start = 0u; start < count; start += 4096u) {
    var part = Vector();
    for (var block = start; block < min(start + 4096u, count); block += 256u) {
      var some = Vector();
      for (var r = block; r < min(block + 256u, count); r++) {
        let at = first + r * inner;
        //: if LOG
        some += dy[at];
        //: else
        some += y[at] * dy[at];
        //: end
      }
      part += some;
    }
    total += part;
  }
  //: if VEC == 4 && ALONG
  total = Vector(dot(total, vec4f(1.0)));
  //: end
  for (var r = 0u; r < count; r++) {
    let at = first + r * inner;
    //: if LOG
    dx[at] = dy[at] - exp(y[at]) * total;
    //: else
    dx[at] = y[at] * (dy[at] - total);
    //: end
  }
}
