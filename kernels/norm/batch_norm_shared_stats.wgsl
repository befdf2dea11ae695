// stats[c] = (mean, 1 / sqrt(var + eps), scale, bias) as in batch_norm_stats.wgsl, over the parts of all ranks: moments[rank, c] =
// (mean, sum of squared deviations, elements, 0), joined as Chan, Golub and LeVeque do. The running mean and variance move by
// momentum; COUNT 1: batches += 1. float32. Dispatch: one thread a channel, groups of 64. Template: COUNT.
struct Params { channels: u32, ranks: u32, momentum: f32, eps: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> stats: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> runningMean: array<f32>;
@group(0) @binding(5) var<storage, read_write> runningVar: array<f32>;
@group(0) @binding(6) var<storage, read> moments: array<vec4f>;
//: if COUNT
@group(0) @binding(7) var<storage, read_write> batches: array<i32>;
//: end

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) thread: vec3u) {
  let c = thread.x;
  if (c >= params.channels) { return; }
  var mean = 0.0;
  var squares = 0.0;
  var count = 0.0;
  for (var r = 0u; r < params.ranks; r++) {
    let part = moments[r * params.channels + c];
    if (part.z == 0.0) { continue; }
    let both = count + part.z;
    let difference = part.x - mean;
    mean += difference * (part.z / both);
    squares += part.y + difference * difference * (count * part.z / both);
    count = both;
  }
  let found = squares / count;
  // Rounding may take it below zero; NaN, which max() would drop, stays.
  let variance = select(found, 0.0, bitcast<i32>(found) <= -0x800000);
  //: include "running_statistics" N = "count"
  let inverse = 1.0 / sqrt(variance + params.eps);
  let scale = weight[c] * inverse;
  stats[c] = vec4f(mean, inverse, scale, bias[c]);
}
