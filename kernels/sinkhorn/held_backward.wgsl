// Gradient of all Sinkhorn iterations of a sample with K held in registers, as held_forward.wgsl holds it. Formula and shapes as
// in samples_backward.wgsl, with scalars; `state` as the forward kernels for one workgroup a sample left it.
// Dispatch: one workgroup a sample, LANES threads. Template: as held_forward.wgsl.
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

var<workgroup> da: array<f32, ${STRIDE}>;
var<workgroup> db: array<f32, ${STRIDE}>;

alias Lane = f32;
//: include "lanes" ROWS = 1
//: include "join_lanes" NAME = "partsSum", JOIN = "a + b", LANES = PARTS, ROWS = LANES / PARTS

@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let n = group.x;
  let plane = params.samples * ${STRIDE}u;
  let row = n * ${STRIDE}u;
  let part = thread % ${PARTS}u;
  let j = min(thread / ${PARTS}u, ${STRIDE - 1}u);
  let writes = part == 0u && thread < ${PARTS * STRIDE}u;
  let last = params.iterations - 1u;
  let massV = state[row + j];
  let massU = state[plane + row + j];
  //: include "held_matrix"
  // What the cost adds in the last iteration, by u and by v.
  var seed0 = 0.0;
  var seed1 = 0.0;
  //: for r in 0..HELD
  seed0 = fma(state[2u * plane + row + ${PARTS * r}u + part], mt[(${PARTS * r}u + part) * ${STRIDE}u + j], seed0);
  seed1 = fma(state[3u * plane + row + ${PARTS * r}u + part], m[(${PARTS * r}u + part) * ${STRIDE}u + j], seed1);
  //: end
  if (writes) { db[j] = 0.0; }
  workgroupBarrier();
  var gradientP = 0.0;
  var gradientQ = 0.0;
  for (var step = 0u; step < params.iterations; step++) {
    let t = last - step;
    //: for half in 0..2
    {
      let r = state[(4u + 2u * t + ${1 - half}u) * plane + row + j];
      var sum = vec2f(select(0.0, seed${half} * g[n], t == last), 0.0);
      //: for r in 0..HELD
      sum[${r % 2}] = fma(${half == 0 ? DB : DA}[${PARTS * r}u + part], ${half == 0 && !SYMMETRIC ? KT : K}${r}, sum[${r % 2}]);
      //: end
      let gradient = partsSum(sum.x + sum.y, thread) * r;
      ${half == 0 ? GRADIENT_P : GRADIENT_Q} += gradient;
      if (writes) { ${half == 0 ? DA : DB}[j] = -(gradient * r) * ${half == 0 ? MASS_U : MASS_V}; }
      workgroupBarrier();
    }
    //: end
  }
  let excluded = select(params.classes, u32(labels[n]), params.separated != 0u);
  if (writes && j < params.classes) {
    let kept = select(1.0, 0.0, j == excluded);
    dp[n * params.classes + j] = kept * gradientP;
    if (params.wants_q != 0u) { dq[n * params.classes + j] = kept * gradientQ; }
  }
}
