// Partial sums of batch normalisation over the images of a split and a channel's plane. x, dy, y: E, f32 or f16, [N, C, plane].
// GRAD 0: sums[split, c] = (sum of x - k, sum of (x - k)^2), k = x[0, c, 0]; the shift avoids cancellation.
// GRAD 1: sums[split, c] = (sum of dz, sum of dz * (x - mean)), dz = dy, or 0 where RELU and y = 0.
// Dispatch: one thread a (split, channel), groups of 64. Template: E, GRAD, RELU, VEC (elements a load, 1 or 4).
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

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) thread: vec3u) {
  if (thread.x >= params.splits * params.channels) { return; }
  let channel = thread.x % params.channels;
  let split = thread.x / params.channels;
  let vectors = params.plane / ${VEC}u;
  //: if GRAD
  let shift = stats[channel].x;
  //: else
  //: if VEC == 4
  let shift = loaded(x[channel * vectors]).x;
  //: else
  let shift = loaded(x[channel * vectors]);
  //: end
  //: end
  var first = Vector();
  var second = Vector();
  for (var n = split; n < params.images; n += params.splits) {
    let base = (n * params.channels + channel) * vectors;
    for (var i = 0u; i < vectors; i++) {
      let d = loaded(x[base + i]) - Vector(shift);
      //: if GRAD
      //: if RELU
      let dz = select(Vector(), loaded(dy[base + i]), bitcast<Bits>(loaded(y[base + i])) != Bits());
      //: else
      let dz = loaded(dy[base + i]);
      //: end
      first += dz;
      second += dz * d;
      //: else
      first += d;
      second += d * d;
      //: end
    }
  }
  //: if VEC == 4
  sums[thread.x] = vec2f(dot(first, vec4f(1.0)), dot(second, vec4f(1.0)));
  //: else
  sums[thread.x] = vec2f(first, second);
  //: end
}
