// Gradient of all Sinkhorn iterations of a sample in one workgroup, for discrete GPUs. Formula and shapes as in
// samples_backward.wgsl, with scalars; `state` as either forward kernel left it, no scratch memory.
// Dispatch: one workgroup a sample, LANES threads over the classes; at most 256 classes.
struct Params { samples: u32, classes: u32, stride: u32, iterations: u32, separated: u32, wants_q: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> k: array<f32>;
@group(0) @binding(2) var<storage, read> kt: array<f32>;
@group(0) @binding(3) var<storage, read> m: array<f32>;
@group(0) @binding(4) var<storage, read> mt: array<f32>;
@group(0) @binding(5) var<storage, read> state: array<f32>;
@group(0) @binding(6) var<storage, read> labels: array<i32>;
@group(0) @binding(7) var<storage, read> g: array<f32>;
@group(0) @binding(8) var<storage, read_write> dp: array<f32>;
@group(0) @binding(9) var<storage, read_write> dq: array<f32>;

override LANES: u32 = 128u;
var<workgroup> da: array<f32, 256>;
var<workgroup> db: array<f32, 256>;
var<workgroup> p_sum: array<f32, 256>;
var<workgroup> q_sum: array<f32, 256>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let n = group.x;
  let stride = params.stride;
  let plane = params.samples * stride;
  let row = n * stride;
  let last = params.iterations - 1u;
  for (var j = lane; j < stride; j += LANES) {
    p_sum[j] = 0.0;
    q_sum[j] = 0.0;
  }
  for (var step = 0u; step < params.iterations; step++) {
    let t = last - step;
    //: for half in 0..2
    for (var j = lane; j < stride; j += LANES) {
      var sum = vec4f(0.0);
      if (t == last) {
        for (var i = 0u; i < stride; i++) {
          sum.x += state[${2 + half}u * plane + row + i] * ${half == 0 ? MT : M}[i * stride + j];
        }
        sum.x *= g[n];
      }
      if (${half}u == 1u || t != last) {
        for (var i = 0u; i < stride; i += 4u) {
          //: for l in 0..4
          sum[${l}] += ${half == 0 ? DB : DA}[i + ${l}u] * ${half == 0 ? KT : K}[(i + ${l}u) * stride + j];
          //: end
        }
      }
      let r = state[(4u + 2u * t + ${1 - half}u) * plane + row + j];
      let gradient = ((sum.x + sum.y) + (sum.z + sum.w)) * r;
      ${half == 0 ? P_SUM : Q_SUM}[j] += gradient;
      ${half == 0 ? DA : DB}[j] = -(gradient * r) * state[${1 - half}u * plane + row + j];
    }
    workgroupBarrier();
    //: end
  }
  let excluded = select(params.classes, u32(labels[n]), params.separated != 0u);
  for (var j = lane; j < params.classes; j += LANES) {
    let kept = select(1.0, 0.0, j == excluded);
    dp[n * params.classes + j] = kept * p_sum[j];
    if (params.wants_q != 0u) { dq[n * params.classes + j] = kept * q_sum[j]; }
  }
}
