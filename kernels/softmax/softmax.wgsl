// y = exp(x - max) / sum of exp(x - max) over the middle of [outer, count, inner]; LOG: its logarithm. float32.
// Dispatch: one thread a row (o, i), or four rows side by side when VEC is 4 and ALONG is 0; groups of GROUP.
// Template: LOG, VEC (elements a load, 1 or 4), ALONG (1: inner is 1 and a load goes along the row).
override GROUP: u32 = 64u;
//: include "vector" E = "f32"
struct Params { outer: u32, count: u32, inner: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Vector>;
@group(0) @binding(2) var<storage, read_write> y: array<Vector>;

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
  var largest = x[first];
  for (var r = 1u; r < count; r++) { largest = max(largest, x[first + r * inner]); }
  //: if VEC == 4 && ALONG
  largest = Vector(max(max(largest.x, largest.y), max(largest.z, largest.w)));
  //: end
  // In blocks of blocks: a long sum of like numbers loses digits when they are added one by one.
  var total = Vector();
  for (var start = 0u; start < count; start += 4096u) {
    var part = Vector();
    for (var block = start; block < min(start + 4096u, count); block += 256u) {
      var some = Vector();
      for (var r = block; r < min(block + 256u, count); r++) {
        let at = first + r * inner;
        let e = exp(x[at] - largest);
        some += e;
        //: if !LOG
        y[at] = e;
        //: end
      }
      part += some;
    }
    total += part;
  }
  //: if VEC == 4 && ALONG
  total = Vector(dot(total, vec4f(1.0)));
  //: end
  //: if LOG
  let shift = log(total);
  for (var r = 0u; r < count; r++) { y[first + r * inner] = (x[first + r * inner] - largest) - shift; }
  //: else
  let factor = Vector(1.0) / total;
  for (var r = 0u; r < count; r++) { y[first + r * inner] *= factor; }
  //: end
}
