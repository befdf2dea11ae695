// index[n, 0] = images[n], or with `relaxed` a random image of its class; index[n, 1 + r] = the r-th of K random images of
// the other classes: without repeats (a random permutation of them, taken up to K) where there are K, else with.
// images, labels: int32 [samples]; order: int32, all images by class; starts: int32 [classes + 1], where each class begins
// in it; seed: uint32 [1]; index: int32 [samples, picks = 1 + K]. 2^(2 half_bits) is at least the number of images.
// Dispatch: one thread a pick, groups of 64.
struct Params { samples: u32, picks: u32, total: u32, half_bits: u32, relaxed: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> images: array<i32>;
@group(0) @binding(2) var<storage, read> labels: array<i32>;
@group(0) @binding(3) var<storage, read> order: array<i32>;
@group(0) @binding(4) var<storage, read> starts: array<u32>;
@group(0) @binding(5) var<storage, read> seed: array<u32>;
@group(0) @binding(6) var<storage, read_write> index: array<i32>;

//: include "hash"

// A Feistel network permutes 2 half_bits bits; walking along its cycle until below `size` permutes [0, size).
fn permuted(start: u32, key: u32, size: u32) -> u32 {
  let mask = (1u << params.half_bits) - 1u;
  var x = start;
  loop {
    var left = x >> params.half_bits;
    var right = x & mask;
    for (var round = 1u; round <= 4u; round++) {
      let next = left ^ (mixed(right ^ mixed(key + round)) & mask);
      left = right;
      right = next;
    }
    x = (left << params.half_bits) | right;
    if (x < size) { break; }
  }
  return x;
}

//: include "grid" GROUP = "64u"
fn each(at: u32) {
  if (at >= params.samples * params.picks) { return; }
  let n = at / params.picks;
  let pick = at % params.picks;
  let image = images[n];
  let first = starts[labels[n]];
  let own = starts[labels[n] + 1] - first;
  let key = mixed(seed[0] ^ mixed(u32(image) + 0x9e3779b9u));
  if (pick == 0u) {
    if (params.relaxed == 0u) { index[at] = image; } else { index[at] = order[first + mixed(key) % own]; }
    return;
  }
  let others = params.total - own;
  var r: u32;
  if (params.picks - 1u <= others) {
    r = permuted(pick - 1u, key, others);
  } else {
    r = mixed(key + pick * 0x9e3779b9u) % others;
  }
  index[at] = order[select(r + own, r, r < first)];
}
