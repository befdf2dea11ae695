// The sums of batch_norm_sums.wgsl for discrete GPUs: a workgroup a (split, channel), neighbouring threads read
// neighbouring elements and add up in workgroup memory. x, dy, y: E, f32 or f16, [N, C, plane].
// GRAD 0: sums[split, c] = (sum of x - k, sum of (x - k)^2), k = x[0, c, 0].
// GRAD 1: sums[split, c] = (sum of dz, sum of dz * (x - mean)), dz = dy, or 0 where RELU and y = 0.
// Dispatch: x = channels, y = splits. Template: E, GRAD, RELU.
struct Params { images: u32, channels: u32, plane: u32, splits: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<${E}>;
@group(0) @binding(2) var<storage, read_write> sums: array<vec2f>;
//: if GRAD
@group(0) @binding(3) var<storage, read> dy: array<${E}>;
@group(0) @binding(4) var<storage, read> stats: array<vec4f>;
//: end
//: if GRAD && RELU
@group(0) @binding(5) var<storage, read> y: array<${E}>;
//: end

alias Lane = vec2f;
//: include "lanes" LANES = 128, ROWS = 1
//: include "join_lanes" NAME = "lanesSum", JOIN = "a + b", LANES = 128, ROWS = 1

@compute @workgroup_size(128)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let channel = group.x;
  //: if GRAD
  let shift = stats[channel].x;
  //: else
  let shift = f32(x[channel * params.plane]);
  //: end
  var sum = vec2f();
  for (var n = group.y; n < params.images; n += params.splits) {
    let base = (n * params.channels + channel) * params.plane;
    for (var i = thread; i < params.plane; i += 128u) {
      let d = f32(x[base + i]) - shift;
      //: if GRAD
      //: if RELU
      let dz = select(0.0, f32(dy[base + i]), bitcast<u32>(f32(y[base + i])) != 0u);
      //: else
      let dz = f32(dy[base + i]);
      //: end
      sum += vec2f(dz, dz * d);
      //: else
      sum += vec2f(d, d * d);
      //: end
    }
  }
  let total = lanesSum(sum, thread);
  if (thread == 0u) { sums[group.y * params.channels + channel] = total; }
}
