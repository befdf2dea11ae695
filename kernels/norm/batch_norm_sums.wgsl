// Partial sums of batch normalisation over the images of a split and a channel's plane. x, dy, y: E, f32 or f16, [N, C, plane].
// GRAD 0: sums[split, c] = (sum of x - k, sum of (x - k)^2), k = x[0, c, 0]; the shift avoids cancellation.
// GRAD 1: sums[split, c] = (sum of dz, sum of dz * (x - mean)), dz = dy, or 0 where RELU and y = 0.
// Dispatch: one thread a (split, channel), groups of 64. Template: E, GRAD, RELU, VEC (elements a load: 1, 4, or 2 where a thread has two
// neighbouring channels, whose planes need not begin at a pair; params.channels are half of them then).
//: include "vector"
struct Params { images: u32, channels: u32, plane: u32, splits: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Stored>;
@group(0) @binding(2) var<storage, read_write> sums: array<vec2f>;
//: if GRAD
@group(0) @binding(3) var<storage, read> dy: array<Stored>;
@group(0) @binding(4) var<storage, read> stats: array<vec4f>;
//: end
//: if GRAD && RELU
@group(0) @binding(5) var<storage, read> y: array<Stored>;
//: end

//: if VEC == 2
//: include "second_plane"

//: end
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) thread: vec3u) {
  if (thread.x >= params.splits * params.channels) { return; }
  let channel = thread.x % params.channels;
  let split = thread.x / params.channels;
  //: if VEC == 2
  let vectors = params.plane;
  //: else
  let vectors = params.plane / ${VEC}u;
  //: end
  //: if VEC == 2
  //: if GRAD
  let shifts = vec2f(stats[2u * channel].x, stats[2u * channel + 1u].x);
  //: else
  let middle = loaded(x[channel * vectors + vectors / 2u]);
  let shifts = vec2f(loaded(x[channel * vectors]).x, select(middle.x, middle.y, params.plane % 2u == 1u));
  //: end
  // Of the second channel.
  var otherFirst = Vector();
  var otherSecond = Vector();
  //: else
  //: if GRAD
  let shift = Vector(stats[channel].x);
  //: else
  //: if VEC == 4
  let shift = Vector(loaded(x[channel * vectors]).x);
  //: else
  let shift = loaded(x[channel * vectors]);
  //: end
  //: end
  //: end
  var first = Vector();
  var second = Vector();
  for (var n = split; n < params.images; n += params.splits) {
    let base = (n * params.channels + channel) * vectors;
    for (var i = 0u; i < vectors; i++) {
      //: if VEC == 2
      let isOther = inSecondPlane(i, params.plane);
      let shift = select(Vector(shifts.x), Vector(shifts.y), isOther);
      //: end
      let d = loaded(x[base + i]) - shift;
      //: if GRAD
      //: if RELU
      let dz = select(Vector(), loaded(dy[base + i]), bitcast<Bits>(loaded(y[base + i])) != Bits());
      //: else
      let dz = loaded(dy[base + i]);
      //: end
      let one = dz;
      let two = dz * d;
      //: else
      let one = d;
      let two = d * d;
      //: end
      //: if VEC == 2
      first += select(one, Vector(), isOther);
      second += select(two, Vector(), isOther);
      otherFirst += select(Vector(), one, isOther);
      otherSecond += select(Vector(), two, isOther);
      //: else
      first += one;
      second += two;
      //: end
    }
  }
  //: if VEC == 4
  sums[thread.x] = vec2f(dot(first, vec4f(1.0)), dot(second, vec4f(1.0)));
  //: end
  //: if VEC == 2
  sums[2u * thread.x] = vec2f(first.x + first.y, second.x + second.y);
  sums[2u * thread.x + 1u] = vec2f(otherFirst.x + otherFirst.y, otherSecond.x + otherSecond.y);
  //: end
  //: if VEC == 1
  sums[thread.x] = vec2f(first, second);
  //: end
}
