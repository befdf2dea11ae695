// stats[c] = (mean, 1 / sqrt(var + eps), scale, bias) with scale = weight / sqrt(var + eps)
// TRAINING 1: mean and biased variance from the partial sums of batch_norm_sums.wgsl; the running mean and variance move by
// momentum toward the mean and the unbiased variance. TRAINING 0: mean and variance are the running ones. COUNT 1: batches += 1.
// x: E, f32 or f16; the rest float32. Dispatch: one thread a channel, groups of 64. Template: E, TRAINING, COUNT.
struct Params {
  channels: u32,
  plane: u32,
  splits: u32,
  count: f32, // elements a channel
  momentum: f32,
  eps: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> stats: array<vec4f>;
//: if TRAINING
@group(0) @binding(4) var<storage, read_write> runningMean: array<f32>;
@group(0) @binding(5) var<storage, read_write> runningVar: array<f32>;
@group(0) @binding(6) var<storage, read> sums: array<vec2f>;
@group(0) @binding(7) var<storage, read> x: array<${E}>;
//: if COUNT
@group(0) @binding(8) var<storage, read_write> batches: array<i32>;
//: end
//: else
@group(0) @binding(4) var<storage, read> runningMean: array<f32>;
@group(0) @binding(5) var<storage, read> runningVar: array<f32>;
//: end

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) thread: vec3u) {
  let c = thread.x;
  if (c >= params.channels) { return; }
  //: if TRAINING
  var sum = vec2f();
  for (var s = 0u; s < params.splits; s++) { sum += sums[s * params.channels + c]; }
  let offset = sum.x / params.count;
  let mean = f32(x[c * params.plane]) + offset;
  // Rounding may take it below zero; NaN, which max() would drop, stays.
  let difference = sum.y / params.count - offset * offset;
  let variance = select(difference, 0.0, bitcast<i32>(difference) <= -0x800000);
  //: include "running_statistics" N = "params.count"
  //: else
  let mean = runningMean[c];
  let variance = runningVar[c];
  //: end
  let inverse = 1.0 / sqrt(variance + params.eps);
  let scale = weight[c] * inverse;
  stats[c] = vec4f(mean, inverse, scale, bias[c]);
}
