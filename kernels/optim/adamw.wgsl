// t = steps + 1; m += (1 - beta1) * (g - m); v = beta2 * v + (1 - beta2) * g^2
// value = value * (1 - lr * weightDecay) - lr / (1 - beta1^t) * m / (sqrt(v) / sqrt(1 - beta2^t) + eps)
// All parameters of a group in one pass, blocks of 1024 elements; blocks whose parameter has no gradient are skipped.
// steps holds one number a block. lr is read from memory so that it may change between replays. float32.
// SCALED: gradients are those of a loss times scale.x, and nothing changes where overflow[0] is set.
// Dispatch: one workgroup a block: 64 threads, four vec4 each. Template: SCALED.
struct Params {
  weightDecay: f32,
  rest1: f32, // 1 - beta1, rounded once
  beta2: f32,
  rest2: f32, // 1 - beta2
  log1: f32, // ln(beta1)
  log2: f32, // ln(beta2)
  eps: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<uniform> lr: vec4f;
@group(0) @binding(2) var<storage, read> enabled: array<u32>;
@group(0) @binding(3) var<storage, read> gradients: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> values: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> averages: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> squares: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> steps: array<f32>;
//: if SCALED
@group(0) @binding(8) var<uniform> scale: vec4f;
@group(0) @binding(9) var<storage, read> overflow: array<u32>;
//: end

// 1 - exp(x) for x <= 0 without cancellation: a series near 0, then exp(2 y) - 1 = u * (u + 2) with u = exp(y) - 1.
fn complement(x: f32) -> f32 {
  if (x < -32.0) { return 1.0; }
  var y = x;
  var doublings = 0u;
  while (y < -0.25) {
    y *= 0.5;
    doublings++;
  }
  var u = 1.0 + y / 7.0;
  u = 1.0 + y / 6.0 * u;
  u = 1.0 + y / 5.0 * u;
  u = 1.0 + y / 4.0 * u;
  u = 1.0 + y / 3.0 * u;
  u = y * (1.0 + y / 2.0 * u);
  for (var i = 0u; i < doublings; i++) { u *= u + 2.0; }
  return -u;
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let block = group.x + group.y * groups.x;
  if (block * 256u >= arrayLength(&values) || enabled[block] == 0u) { return; }
  //: if SCALED
  if (overflow[0] != 0u) { return; }
  let inverse = 1.0 / scale.x;
  //: end
  let step = steps[block] + 1.0;
  // All threads have read the count before one of them writes it.
  storageBarrier();
  if (thread == 0u) { steps[block] = step; }
  let size = lr.x / complement(step * params.log1);
  let root = sqrt(complement(step * params.log2));
  let decay = 1.0 - lr.x * params.weightDecay;
  //: if LOOPS
  for (var i = block * 256u + thread; i < (block + 1u) * 256u; i += 64u) {
  //: else
  for (var k = 0u; k < 4u; k++) {
    let i = block * 256u + k * 64u + thread;
  //: end
    //: if SCALED
    let g = gradients[i] * inverse;
    //: else
    let g = gradients[i];
    //: end
    let m = averages[i] + params.rest1 * (g - averages[i]);
    let v = params.beta2 * squares[i] + params.rest2 * g * g;
    averages[i] = m;
    squares[i] = v;
    values[i] = values[i] * decay - size * m / (sqrt(v) / root + params.eps);
  }
}
