// loss = mean(term) + weight mean(distance). term, distance: float32 [samples]; weight, loss: one float32.
// Dispatch: one group.
struct Params { samples: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> term: array<f32>;
@group(0) @binding(2) var<storage, read> distance: array<f32>;
@group(0) @binding(3) var<storage, read> weight: array<f32>;
@group(0) @binding(4) var<storage, read_write> loss: array<f32>;

alias Lane = vec2f;
//: include "lanes" LANES = 64, ROWS = 1
//: include "join_lanes" NAME = "lanesSum", JOIN = "a + b", LANES = 64, ROWS = 1

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) thread: u32) {
  var sum = vec2f(0.0);
  for (var n = thread; n < params.samples; n += 64u) { sum += vec2f(term[n], distance[n]); }
  let total = lanesSum(sum, thread) / f32(params.samples);
  if (thread == 0u) { loss[0] = total.x + weight[0] * total.y; }
}
