// y[o, n, i] = base[o, n, i] + sum of source[o, k, i] over the k with index(o, k, i) = n
// base (when BASE) and y: [outer, size, inner], source: [outer, picks, inner], float32; index: int32 with
// strides outer, pick and inner, 0 where it does not vary. Every thread looks through the picks of its
// own element in order, so that the result is the same every time; indices outside of y count nowhere.
// Dispatch: 64 threads a workgroup, one element each.
struct Params {
  total: u32, size: u32, picks: u32, inner: u32,
  indexOuter: u32, indexPick: u32, indexInner: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> source: array<f32>;
@group(0) @binding(2) var<storage, read> index: array<i32>;
//: if BASE
@group(0) @binding(3) var<storage, read> base: array<f32>;
//: end
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

//: include "grid" GROUP = "64u"
fn each(e: u32) {
  if (e >= params.total) { return; }
  let i = e % params.inner;
  let n = i32(e / params.inner % params.size);
  let o = e / params.inner / params.size;
//: if BASE
  var sum = base[e];
//: else
  var sum = 0.0;
//: end
  var at = o * params.indexOuter + i * params.indexInner;
  var read = o * params.picks * params.inner + i;
  for (var k = 0u; k < params.picks; k++) {
    if (index[at] == n) { sum += source[read]; }
    at += params.indexPick;
    read += params.inner;
  }
  y[e] = sum;
}
