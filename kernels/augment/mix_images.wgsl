// Mixes images n and N - 1 - n, in place: inside the box they exchange their pixels, elsewhere each becomes weight times
// itself and 1 - weight times the other. images: float32 [N, planes, height, width]; the one in the middle stays.
// mix: float32 [5], weight, top, bottom, left, right. Dispatch: one thread an element of the first N / 2 images, groups of 64.
struct Params { images: u32, size: u32, height: u32, width: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> images: array<f32>;
@group(0) @binding(2) var<storage, read> mix: array<f32>;

//: include "grid" GROUP = "64u"
fn each(e: u32) {
  let n = e / params.size;
  if (n >= params.images / 2u) { return; }
  let at = e - n * params.size;
  let other = (params.images - 1u - n) * params.size + at;
  let y = f32(at / params.width % params.height);
  let x = f32(at % params.width);
  let inside = y >= mix[1] && y < mix[2] && x >= mix[3] && x < mix[4];
  let weight = select(mix[0], 0.0, inside);
  if (weight == 1.0) { return; }
  let a = images[e];
  let b = images[other];
  images[e] = select(weight * a + (1.0 - weight) * b, b, inside);
  images[other] = select(weight * b + (1.0 - weight) * a, a, inside);
}
