// y[c] = sum of x[n, c, i] over n and i, for discrete GPUs: a workgroup a channel, joined in workgroup memory. x: E, f32 or f16,
// [N, C, plane]; y and the sums float32. Dispatch: x = channels. Template: E.
struct Params { images: u32, channels: u32, plane: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<${E}>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

alias Lane = f32;
//: include "lanes" LANES = 256, ROWS = 1
//: include "join_lanes" NAME = "lanesSum", JOIN = "a + b", LANES = 256, ROWS = 1

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let channel = group.x;
  var sum = 0.0;
  for (var i = thread; i < params.images * params.plane; i += 256u) {
    let image = i / params.plane;
    sum += f32(x[(image * params.channels + channel) * params.plane + i % params.plane]);
  }
  let total = lanesSum(sum, thread);
  if (thread == 0u) { y[channel] = total; }
}
