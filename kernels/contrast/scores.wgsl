// scores[n, k] = exp(<memory[index[n, k]], v[n]> / T). float32; memory: [rows, dim], v: [samples, dim] of VEC elements each,
// counted so in dim; index: int32 [samples, picks]; scale: 1 / T.
// Dispatch: one thread a score, groups of 64. Template: VEC (4, or 1 where dim is no multiple of it).
//: include "vector" E = "f32"
struct Params { count: u32, picks: u32, dim: u32, scale: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> v: array<Vector>;
@group(0) @binding(2) var<storage, read> memory: array<Vector>;
@group(0) @binding(3) var<storage, read> index: array<u32>;
@group(0) @binding(4) var<storage, read_write> scores: array<f32>;

//: include "grid" GROUP = "64u"
fn each(at: u32) {
  if (at >= params.count) { return; }
  let row = index[at] * params.dim;
  let sample = at / params.picks * params.dim;
  //: if VEC == 4
  var sum = vec4f();
  for (var d = 0u; d < params.dim; d++) { sum += memory[row + d] * v[sample + d]; }
  let product = (sum.x + sum.y) + (sum.z + sum.w);
  //: else
  var product = 0.0;
  for (var d = 0u; d < params.dim; d++) { product += memory[row + d] * v[sample + d]; }
  //: end
  scores[at] = exp(product * params.scale);
}
