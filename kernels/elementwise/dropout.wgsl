// y = x scale where hash(seed, i) >= threshold, else 0
// x, y: float32; seed: one uint32. Whole blocks of 1024: one workgroup a block, 64 threads, four vec4 each.
// The hash is applied to the index added to the hashed seed. SHARED 1: to that of the element in a batch that processes share,
// which is `front` more before element `middle`, and `back` more from it on. Template: SHARED.
struct Params {
  scale: f32,
  threshold: u32,
  //: if SHARED
  middle: u32,
  front: u32,
  back: u32,
  //: end
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> seed: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;

//: include "hash"

//: include "blocks" OUT = "y"
fn each(i: u32) {
  let start = pcg(vec4u(seed[0])) + vec4u(0u, 1u, 2u, 3u);
  //: if SHARED
  let own = 4u * i + vec4u(0u, 1u, 2u, 3u);
  let further = select(vec4u(params.front), vec4u(params.back), own >= vec4u(params.middle));
  let kept = pcg(start + 4u * i + further) >= vec4u(params.threshold);
  //: else
  let kept = pcg(start + 4u * i) >= vec4u(params.threshold);
  //: end
  y[i] = select(vec4f(0.0), x[i] * params.scale, kept);
}
