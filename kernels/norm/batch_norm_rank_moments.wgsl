// moments[rank, c] = (mean, sum of squared deviations from it, elements, 0) of this process's part of a batch, from the partial
// sums of batch_norm_sums.wgsl (GRAD 0); the other ranks' stay as they are. COUNTED 0: a part that counts nothing, zeros.
// x: E, f32 or f16; the rest float32. Dispatch: one thread a channel, groups of 64. Template: E, COUNTED.
struct Params { channels: u32, plane: u32, splits: u32, rank: u32, count: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> sums: array<vec2f>;
@group(0) @binding(2) var<storage, read> x: array<${E}>;
@group(0) @binding(3) var<storage, read_write> moments: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) thread: vec3u) {
  let c = thread.x;
  if (c >= params.channels) { return; }
  var sum = vec2f();
  for (var s = 0u; s < params.splits; s++) { sum += sums[s * params.channels + c]; }
  let offset = sum.x / params.count;
  let mean = f32(x[c * params.plane]) + offset;
  //: if COUNTED
  moments[params.rank * params.channels + c] = vec4f(mean, sum.y - offset * sum.x, params.count, 0.0);
  //: else
  moments[params.rank * params.channels + c] = vec4f();
  //: end
}
