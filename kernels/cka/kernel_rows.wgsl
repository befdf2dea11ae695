// y[c, r, j] = k(x_i, x_j) - means[c, i] - means[c, j] + totals[c] with i = first + r: rows of a centred kernel matrix, of
// rows of a Gram matrix: gram[c, r, j] = <x_i, x_j>. The kernel k is (scales[c] <x_i, x_j>)^degree, or for degree 0
// exp(-scales[c] |x_i - x_j|^2) with norms[c, i] = |x_i|^2.
// gram, y: float32 [classes, rows, samples]; norms, means: [classes, samples]; scales, totals: [classes].
// Dispatch: one thread an element, groups of 64.
struct Params { count: u32, rows: u32, samples: u32, first: u32, degree: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> gram: array<f32>;
@group(0) @binding(2) var<storage, read> norms: array<f32>;
@group(0) @binding(3) var<storage, read> scales: array<f32>;
@group(0) @binding(4) var<storage, read> means: array<f32>;
@group(0) @binding(5) var<storage, read> totals: array<f32>;
@group(0) @binding(6) var<storage, read_write> y: array<f32>;

//: include "grid" GROUP = "64u"
fn each(at: u32) {
  if (at >= params.count) { return; }
  let c = at / params.samples / params.rows;
  let i = c * params.samples + params.first + at / params.samples % params.rows;
  let j = c * params.samples + at % params.samples;
  var value = 1.0;
  if (params.degree == 0u) {
    // Rounding must not make a distance negative, nor that of a sample to itself positive. NaN, which max() would
    // drop, stays: the means of a class with one are NaN then.
    let difference = norms[i] + norms[j] - 2.0 * gram[at];
    let squared = select(difference, 0.0, i == j || bitcast<i32>(difference) <= -0x800000);
    value = exp(-scales[c] * squared);
  } else {
    let product = scales[c] * gram[at];
    for (var power = 0u; power < params.degree; power++) { value *= product; }
  }
  y[at] = value - means[i] - means[j] + totals[c];
}
