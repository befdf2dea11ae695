// The weights of a convolution that normalises by fixed statistics as well: with scale = gamma / sqrt(variance + eps),
// foldedWeight[o, ...] = weight[o, ...] * scale[o], foldedBias[o] = beta[o] + (bias[o] - mean[o]) * scale[o]. float32.
// Dispatch: one thread an element of the weight, groups of 64. Template: BIAS (else the convolution has none).
struct Params { total: u32, channel: u32, eps: f32 } // elements, elements of an output channel
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
@group(0) @binding(2) var<storage, read> gamma: array<f32>;
@group(0) @binding(3) var<storage, read> beta: array<f32>;
@group(0) @binding(4) var<storage, read> mean: array<f32>;
@group(0) @binding(5) var<storage, read> variance: array<f32>;
@group(0) @binding(6) var<storage, read_write> foldedWeight: array<f32>;
@group(0) @binding(7) var<storage, read_write> foldedBias: array<f32>;
//: if BIAS
@group(0) @binding(8) var<storage, read> bias: array<f32>;
//: end

//: include "grid" GROUP = "64u"
fn each(i: u32) {
  if (i >= params.total) { return; }
  let o = i / params.channel;
  let scale = gamma[o] / sqrt(variance[o] + params.eps);
  foldedWeight[i] = weight[i] * scale;
  if (i % params.channel == 0u) {
    //: if BIAS
    foldedBias[o] = beta[o] + (bias[o] - mean[o]) * scale;
    //: else
    foldedBias[o] = beta[o] - mean[o] * scale;
    //: end
  }
}
