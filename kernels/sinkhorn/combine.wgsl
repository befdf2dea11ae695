// loss = mean(term) + weight mean(distance). term, distance: float32 [samples]; weight, loss: one float32.
// Dispatch: one group.
struct Params { samples: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> term: array<f32>;
@group(0) @binding(2) var<storage, read> distance: array<f32>;
@group(0) @binding(3) var<storage, read> weight: array<f32>;
@group(0) @binding(4) var<storage, read_write> loss: array<f32>;

var<workgroup> partial: array<vec2f, 64>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) thread: u32) {
  var sum = vec2f(0.0);
  for (var n = thread; n < params.samples; n += 64u) { sum += vec2f(term[n], distance[n]); }
  partial[thread] = sum;
  workgroupBarrier();
  if (thread == 0u) {
    var total = vec2f(0.0);
    for (var l = 0u; l < 64u; l++) { total += partial[l]; }
    total /= f32(params.samples);
    loss[0] = total.x + weight[0] * total.y;
  }
}
