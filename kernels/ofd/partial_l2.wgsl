// Squared distance of a student's features to a teacher's behind a margin ReLU, without the parts that are no error, times
// dy as its gradient with respect to the student's when GRADIENT:
//   d = s - max(t, margin);  y = 0 where t <= 0 and d <= 0, else d^2 (GRADIENT: 2 d dy)
// s, t, dy, y: float32 [planes, area]; margin: float32 [channels], of plane p that of p mod channels. NaN stays.
// Dispatch: one thread for PER consecutive elements, groups of 64. Template: GRADIENT.
struct Params { count: u32, area: u32, channels: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> s: array<f32>;
@group(0) @binding(2) var<storage, read> t: array<f32>;
@group(0) @binding(3) var<storage, read> margin: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
//: if GRADIENT
@group(0) @binding(5) var<storage, read> dy: array<f32>;
//: end

override PER: u32 = 1u;

//: include "grid" GROUP = "64u"
fn each(thread: u32) {
  let first = thread * PER;
  if (first >= params.count) { return; }
  let end = min(first + PER, params.count);
  var plane = first / params.area;
  var next = (plane + 1u) * params.area;
  var least = margin[plane % params.channels];
  for (var e = first; e < end; e++) {
    if (e == next) {
      plane++;
      next += params.area;
      least = margin[plane % params.channels];
    }
    let wanted = t[e];
    let d = s[e] - select(wanted, least, wanted <= least);
    //: if GRADIENT
    let value = 2.0 * d * dy[e];
    //: else
    let value = d * d;
    //: end
    y[e] = select(value, 0.0, wanted <= 0.0 && d <= 0.0);
  }
}
