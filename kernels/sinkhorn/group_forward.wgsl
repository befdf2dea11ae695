// All Sinkhorn iterations of a sample in one workgroup, for discrete GPUs. Formula, shapes and `state` as in
// samples_forward.wgsl, with scalars: state is [4 + 2 iterations][samples][stride], k, kt, mt rows of `stride`.
// Dispatch: one workgroup a sample, LANES threads over the classes; at most 256 classes.
struct Params { samples: u32, classes: u32, stride: u32, iterations: u32, separated: u32, start: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> k: array<f32>;
@group(0) @binding(2) var<storage, read> kt: array<f32>;
@group(0) @binding(3) var<storage, read> mt: array<f32>;
@group(0) @binding(4) var<storage, read> p: array<f32>;
@group(0) @binding(5) var<storage, read> q: array<f32>;
@group(0) @binding(6) var<storage, read> labels: array<i32>;
@group(0) @binding(7) var<storage, read_write> state: array<f32>;
@group(0) @binding(8) var<storage, read_write> distance: array<f32>;

const LANES = 128u;
var<workgroup> u: array<f32, 256>;
var<workgroup> v: array<f32, 256>;

alias Lane = f32;
//: include "lanes" LANES = 128, ROWS = 1
//: include "join_lanes" NAME = "lanesSum", JOIN = "a + b", LANES = 128, ROWS = 1

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let n = group.x;
  let stride = params.stride;
  let plane = params.samples * stride;
  let row = n * stride;
  let excluded = select(params.classes, u32(labels[n]), params.separated != 0u);
  for (var j = lane; j < stride; j += LANES) {
    let counts = j < params.classes && j != excluded;
    let at = min(n * params.classes + j, arrayLength(&p) - 1u);
    state[row + j] = select(0.0, q[at], counts);
    state[plane + row + j] = select(0.0, p[at], counts);
    u[j] = select(0.0, params.start, counts);
  }
  workgroupBarrier();

  for (var t = 0u; t < params.iterations; t++) {
    //: for side in 0..2
    for (var j = lane; j < stride; j += LANES) {
      var sum = vec4f(0.0);
      for (var i = 0u; i < stride; i += 4u) {
        //: for l in 0..4
        sum[${l}] += ${side == 0 ? U : V}[i + ${l}u] * ${side == 0 ? K : KT}[(i + ${l}u) * stride + j];
        //: end
      }
      let r = 1.0 / ((sum.x + sum.y) + (sum.z + sum.w) + 1e-8);
      state[(4u + 2u * t + ${side}u) * plane + row + j] = r;
      ${side == 0 ? V : U}[j] = state[${side}u * plane + row + j] * r;
    }
    workgroupBarrier();
    //: end
  }

  var total = 0.0;
  for (var i = lane; i < stride; i += LANES) {
    var sum = 0.0;
    for (var j = 0u; j < stride; j++) { sum += v[j] * mt[j * stride + i]; }
    total += sum * u[i];
    state[2u * plane + row + i] = v[i];
    state[3u * plane + row + i] = u[i];
  }
  let sum = lanesSum(total, lane);
  if (lane == 0u) { distance[n] = sum; }
}
