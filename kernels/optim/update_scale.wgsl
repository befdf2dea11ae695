// After a step whose gradients overflowed: scale *= backoff and the step counts as skipped; after `interval` others in
// a row: scale *= growth. Then overflow = 0. counts: steps since the scale changed, skipped steps, skipped in a row.
// Dispatch: one thread.
struct Params { growth: f32, backoff: f32, interval: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> scale: array<f32>;
@group(0) @binding(2) var<storage, read_write> counts: array<f32>;
@group(0) @binding(3) var<storage, read_write> overflow: array<u32>;

// A power of two that leaves room for another doubling below infinity.
const LARGEST = 0x1p126;

@compute @workgroup_size(1)
fn main() {
  if (overflow[0] != 0u) {
    scale[0] *= params.backoff;
    counts[0] = 0.0;
    counts[1] += 1.0;
    counts[2] += 1.0;
  } else {
    counts[0] += 1.0;
    counts[2] = 0.0;
    if (counts[0] >= params.interval) {
      counts[0] = 0.0;
      scale[0] = min(scale[0] * params.growth, LARGEST);
    }
  }
  overflow[0] = 0u;
}
