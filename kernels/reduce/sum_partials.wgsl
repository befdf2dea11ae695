// total[e] = sum over s of partials[s, e]: even and odd s apart, each in order. float32.
// Dispatch: one thread an element, groups of 64; count is the elements of one partial.
struct Params { count: u32, splits: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> partials: array<f32>;
@group(0) @binding(2) var<storage, read_write> total: array<f32>;

//: include "grid" GROUP = "64u"
fn each(e: u32) {
  if (e >= params.count) { return; }
  var sum0 = 0.0;
  var sum1 = 0.0;
  var s = 0u;
  for (; s + 1u < params.splits; s += 2u) {
    sum0 += partials[s * params.count + e];
    sum1 += partials[(s + 1u) * params.count + e];
  }
  if (s < params.splits) { sum0 += partials[s * params.count + e]; }
  total[e] = sum0 + sum1;
}
