// Start of Sinkhorn's gradient, from distance[n] = sum of u h with h = v (K D)^T: with dU = g h,
//   gu = g u, dp = dU r, da = -dU p r^2, where u = p r.
// p, dp: float32 [samples, classes]; g: float32 [samples]; labels: int32 [samples], read when `separated`
// (dp is zero there); u, h, r, gu, da: float32 [rows][stride] vec4. Dispatch: one thread a vec4, groups of 64.
struct Params { samples: u32, classes: u32, stride: u32, rows: u32, separated: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> g: array<f32>;
@group(0) @binding(2) var<storage, read> labels: array<i32>;
@group(0) @binding(3) var<storage, read> u: array<vec4f>;
@group(0) @binding(4) var<storage, read> h: array<vec4f>;
@group(0) @binding(5) var<storage, read> r: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> gu: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> da: array<vec4f>;
@group(0) @binding(8) var<storage, read_write> dp: array<f32>;

//: include "grid" GROUP = "64u"
fn each(at: u32) {
  if (at >= params.rows * params.stride) { return; }
  let n = at / params.stride;
  let j = at % params.stride;
  if (n >= params.samples) {
    gu[at] = vec4f(0.0);
    da[at] = vec4f(0.0);
    return;
  }
  let scale = g[n];
  let gradient = scale * h[at] * r[at];
  gu[at] = scale * u[at];
  da[at] = -gradient * u[at];
  let excluded = select(params.classes, u32(labels[n]), params.separated != 0u);
  //: for l in 0..4
  if (4u * j + ${l}u < params.classes) {
    dp[n * params.classes + 4u * j + ${l}u] = select(gradient[${l}], 0.0, 4u * j + ${l}u == excluded);
  }
  //: end
}
