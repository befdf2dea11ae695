// partials[s, n, :] = sum of slopes[n, k] memory[index[n, k], :] over the `span` picks k of part s. float32; memory:
// [rows, dim] of VEC elements each, counted so in dim; index: int32 [samples, picks]; partials: [splits, samples, dim].
// Dispatch: one thread for VEC elements of a part, groups of 64. Template: VEC (4 or 1).
//: include "vector" E = "f32"
struct Params { samples: u32, picks: u32, dim: u32, span: u32, count: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> slopes: array<f32>;
@group(0) @binding(2) var<storage, read> memory: array<Vector>;
@group(0) @binding(3) var<storage, read> index: array<u32>;
@group(0) @binding(4) var<storage, read_write> partials: array<Vector>;

//: include "grid" GROUP = "64u"
fn each(at: u32) {
  if (at >= params.count) { return; }
  let d = at % params.dim;
  let n = at / params.dim % params.samples;
  let first = at / params.dim / params.samples * params.span;
  let last = min(first + params.span, params.picks);
  var sum = Vector();
  for (var k = first; k < last; k++) {
    let pick = n * params.picks + k;
    sum += slopes[pick] * memory[index[pick] * params.dim + d];
  }
  partials[at] = sum;
}
