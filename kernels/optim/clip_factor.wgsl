// norm = sqrt of the sum of partials; clip = (norm, min(maxNorm / (norm + 1e-6), 1)), the factor NaN where the norm is NaN.
// Dispatch: one workgroup of 64 threads; count is the number of partials. float32.
struct Params { count: u32, maxNorm: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> partials: array<f32>;
@group(0) @binding(2) var<storage, read_write> clip: array<f32>;

alias Lane = f32;
//: include "lanes" LANES = 64, ROWS = 1
//: include "join_lanes" NAME = "lanesSum", JOIN = "a + b", LANES = 64, ROWS = 1

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) thread: u32) {
  var sum = 0.0;
  for (var i = thread; i < params.count; i += 64u) { sum += partials[i]; }
  let total = lanesSum(sum, thread);
  if (thread == 0u) {
    let norm = sqrt(total);
    let factor = params.maxNorm / (norm + 1e-6);
    clip[0] = norm;
    clip[1] = select(factor, 1.0, factor > 1.0);
  }
}
