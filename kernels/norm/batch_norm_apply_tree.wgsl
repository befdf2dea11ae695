// What batch_norm_stats.wgsl in training and batch_norm_apply.wgsl in one, for discrete GPUs: each workgroup joins the partial sums of
// its channel itself, and that of the first split stores the statistics and moves the running ones.
// y = (x - mean) * scale + bias (+ residual), ReLU. x, y, residual: E, f32 or f16, [N, C, plane]; the rest float32.
// Dispatch: x = channels, y = splits. Template: E, RESIDUAL, RELU, VEC (elements a vector, 1 or 4), COUNT.
struct Params {
  images: u32,
  channels: u32,
  plane: u32,
  splits: u32,
  count: f32, // elements a channel
  momentum: f32,
  eps: f32,
}
//: include "vector"
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Stored>;
@group(0) @binding(2) var<storage, read> sums: array<vec2f>;
@group(0) @binding(3) var<storage, read_write> y: array<Stored>;
@group(0) @binding(4) var<storage, read_write> stats: array<vec4f>;
@group(0) @binding(5) var<storage, read> weight: array<f32>;
@group(0) @binding(6) var<storage, read> bias: array<f32>;
@group(0) @binding(7) var<storage, read_write> runningMean: array<f32>;
@group(0) @binding(8) var<storage, read_write> runningVar: array<f32>;
//: if COUNT
@group(0) @binding(9) var<storage, read_write> batches: array<i32>;
//: end
//: if RESIDUAL
@group(0) @binding(10) var<storage, read> residual: array<Stored>;
//: end
//: if RELU
//: if VEC == 4
//: include "rectified" T = "vec4f", I = "vec4i"
//: else
//: include "rectified" T = "f32", I = "i32"
//: end
//: end

alias Lane = vec2f;
//: include "lanes" LANES = 128, ROWS = 1
//: include "join_lanes" NAME = "lanesSum", JOIN = "a + b", LANES = 128, ROWS = 1

@compute @workgroup_size(128)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let c = group.x;
  var own = vec2f();
  for (var s = thread; s < params.splits; s += 128u) { own += sums[s * params.channels + c]; }
  let sum = lanesSum(own, thread);
  let vectors = params.plane / ${VEC}u;
  let offset = sum.x / params.count;
  //: if VEC == 4
  let mean = loaded(x[c * vectors]).x + offset;
  //: else
  let mean = loaded(x[c * vectors]) + offset;
  //: end
  // Rounding may take it below zero; NaN, which max() would drop, stays.
  let difference = sum.y / params.count - offset * offset;
  let variance = select(difference, 0.0, bitcast<i32>(difference) <= -0x800000);
  let inverse = 1.0 / sqrt(variance + params.eps);
  let scale = weight[c] * inverse;
  let shift = bias[c];
  if (group.y == 0u && thread == 0u) {
    stats[c] = vec4f(mean, inverse, scale, shift);
    //: include "running_statistics" N = "params.count"
  }
  // The images of this split, one after the other.
  let images = (params.images - group.y + params.splits - 1u) / params.splits;
  for (var i = thread; i < images * vectors; i += 128u) {
    let image = group.y + i / vectors * params.splits;
    let at = (image * params.channels + c) * vectors + i % vectors;
    var value = (loaded(x[at]) - Vector(mean)) * scale + Vector(shift);
    //: if RESIDUAL
    value += loaded(residual[at]);
    //: end
    //: if RELU
    value = rectified(value);
    //: end
    y[at] = stored(value);
  }
}
