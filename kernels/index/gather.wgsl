// y[o, k, i] = x[o, index(o, k, i), i]; outside (NaN or 0) where the index is outside of x
// x: [outer, size, inner] and y: [outer, picks, inner] of 32 bits, read as T: u32, or vec4u when inner,
// then counted in vec4, is not what index varies along. index: int32 with strides outer, pick
// and inner, 0 where it does not vary. Dispatch: 64 threads a workgroup, one element each.
struct Params {
  total: u32, size: u32, picks: u32, inner: u32,
  indexOuter: u32, indexPick: u32, indexInner: u32, outside: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<${T}>;
@group(0) @binding(2) var<storage, read> index: array<i32>;
@group(0) @binding(3) var<storage, read_write> y: array<${T}>;

//: include "grid" GROUP = "64u"
fn each(e: u32) {
  if (e >= params.total) { return; }
  let i = e % params.inner;
  let k = e / params.inner % params.picks;
  let o = e / params.inner / params.picks;
  let at = index[o * params.indexOuter + k * params.indexPick + i * params.indexInner];
  var value = ${T}(params.outside);
  if (at >= 0 && at < i32(params.size)) {
    value = x[(o * params.size + u32(at)) * params.inner + i];
  }
  y[e] = value;
}
