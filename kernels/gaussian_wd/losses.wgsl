// mean_loss = scale sum of partials.x, cov_loss = scale sum of partials.y.
// partials: float32 [count] vec2; mean_loss, cov_loss: one float32. Dispatch: one group.
struct Params { count: u32, scale: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> partials: array<vec2f>;
@group(0) @binding(2) var<storage, read_write> mean_loss: array<f32>;
@group(0) @binding(3) var<storage, read_write> cov_loss: array<f32>;

alias Lane = vec2f;
//: include "lanes" LANES = 64, ROWS = 1
//: include "join_lanes" NAME = "lanesSum", JOIN = "a + b", LANES = 64, ROWS = 1

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) thread: u32) {
  var sum = vec2f(0.0);
  for (var i = thread; i < params.count; i += 64u) { sum += partials[i]; }
  let total = lanesSum(sum, thread);
  if (thread == 0u) {
    mean_loss[0] = total.x * params.scale;
    cov_loss[0] = total.y * params.scale;
  }
}
