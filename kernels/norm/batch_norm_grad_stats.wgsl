// From the partial sums of batch_norm_sums.wgsl (GRAD 1): dweight = sum of dz * xhat, dbias = sum of dz, and the coefficients
// (a, b, c) of dx = a * dz + b * x + c. TRAINING 0: the statistics are constants, so b = c = 0. float32.
// SHARED 1: the coefficients follow from the sums over the whole batch that processes share, of which sums has a part.
// Dispatch: one thread a channel, groups of 64. Template: TRAINING, SHARED.
struct Params { channels: u32, splits: u32, count: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> sums: array<vec2f>;
@group(0) @binding(2) var<storage, read> stats: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> dweight: array<f32>;
@group(0) @binding(4) var<storage, read_write> dbias: array<f32>;
@group(0) @binding(5) var<storage, read_write> coefficients: array<vec4f>;
//: if SHARED
@group(0) @binding(6) var<storage, read> whole: array<vec2f>;
//: end

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) thread: vec3u) {
  let channel = thread.x;
  if (channel >= params.channels) { return; }
  var sum = vec2f();
  for (var s = 0u; s < params.splits; s++) { sum += sums[s * params.channels + channel]; }
  let stat = stats[channel];
  let along = sum.y * stat.y;
  dbias[channel] = sum.x;
  dweight[channel] = along;
  let a = stat.z;
  //: if SHARED
  let total = whole[channel];
  let b = -a * stat.y * total.y * stat.y / params.count;
  let c = -a * total.x / params.count - b * stat.x;
  coefficients[channel] = vec4f(a, b, c, 0.0);
  //: else
  //: if TRAINING
  let b = -a * stat.y * along / params.count;
  let c = -a * sum.x / params.count - b * stat.x;
  coefficients[channel] = vec4f(a, b, c, 0.0);
  //: else
  coefficients[channel] = vec4f(a, 0.0, 0.0, 0.0);
  //: end
  //: end
}
