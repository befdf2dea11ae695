// First half-iteration of Sinkhorn for a batch, without a product, since the initial u is constant:
//   r[n, j] = 1 / ((sum over i != excluded of K_ij) start + 1e-8), x = q r.
// q: float32 [samples, classes]; labels: int32 [samples], read when `separated`; k: [classes][4 stride];
// column_sums: [4 stride]; r, x: float32 [rows][stride] vec4, zero (x) past the samples and classes.
// Dispatch: one thread a vec4 of x, groups of 64.
struct Params { samples: u32, classes: u32, stride: u32, rows: u32, separated: u32, start: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<f32>;
@group(0) @binding(2) var<storage, read> labels: array<i32>;
@group(0) @binding(3) var<storage, read> k: array<vec4f>;
@group(0) @binding(4) var<storage, read> column_sums: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> r: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> x: array<vec4f>;

//: include "grid" GROUP = "64u"
fn each(at: u32) {
  if (at >= params.rows * params.stride) { return; }
  let n = at / params.stride;
  let j = at % params.stride;
  var excluded = params.classes;
  var mass = column_sums[j];
  if (params.separated != 0u && n < params.samples) {
    excluded = u32(labels[n]);
    mass -= k[excluded * params.stride + j];
  }
  let inverse = 1.0 / (mass * params.start + vec4f(1e-8));
  var given = vec4f(0.0);
  //: for l in 0..4
  if (n < params.samples && 4u * j + ${l}u < params.classes && 4u * j + ${l}u != excluded) {
    given[${l}] = q[n * params.classes + 4u * j + ${l}u];
  }
  //: end
  r[at] = inverse;
  x[at] = given * inverse;
}
