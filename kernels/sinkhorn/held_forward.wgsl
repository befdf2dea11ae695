// The iterations of group_forward.wgsl with K held in registers: PARTS neighbouring threads have a column, of which each
// holds every PARTS-th row, so that an iteration reads nothing but the other side's vector in workgroup memory.
// Formula, shapes and `state` as in samples_forward.wgsl, with scalars: state is [4 + 2 iterations][samples][STRIDE].
// Dispatch: one workgroup a sample, LANES threads (a power of two, at least PARTS * STRIDE).
// Template: STRIDE (a multiple of PARTS), PARTS, HELD (rows of a thread), LANES, SYMMETRIC (K is its transpose).
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

var<workgroup> u: array<f32, ${STRIDE}>;
var<workgroup> v: array<f32, ${STRIDE}>;

alias Lane = f32;
//: include "lanes" ROWS = 1
//: include "join_lanes" NAME = "partsSum", JOIN = "a + b", LANES = PARTS, ROWS = LANES / PARTS
//: include "join_lanes" NAME = "lanesSum", JOIN = "a + b", ROWS = 1

@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let n = group.x;
  let plane = params.samples * ${STRIDE}u;
  let row = n * ${STRIDE}u;
  let part = thread % ${PARTS}u;
  let j = min(thread / ${PARTS}u, ${STRIDE - 1}u);
  // Of the threads of a column one writes; those behind the last column only take part.
  let writes = part == 0u && thread < ${PARTS * STRIDE}u;
  let excluded = select(params.classes, u32(labels[n]), params.separated != 0u);
  let counts = j < params.classes && j != excluded;
  let at = min(n * params.classes + j, arrayLength(&p) - 1u);
  let massV = select(0.0, q[at], counts);
  let massU = select(0.0, p[at], counts);
  //: include "held_matrix"
  if (writes) {
    state[row + j] = massV;
    state[plane + row + j] = massU;
    u[j] = select(0.0, params.start, counts);
  }
  workgroupBarrier();

  for (var t = 0u; t < params.iterations; t++) {
    //: for side in 0..2
    {
      var sum = vec2f();
      //: for r in 0..HELD
      sum[${r % 2}] = fma(${side == 0 ? U : V}[${PARTS * r}u + part], ${side == 0 || SYMMETRIC ? K : KT}${r}, sum[${r % 2}]);
      //: end
      let r = 1.0 / (partsSum(sum.x + sum.y, thread) + 1e-8);
      if (writes) {
        state[(4u + 2u * t + ${side}u) * plane + row + j] = r;
        ${side == 0 ? V : U}[j] = ${side == 0 ? MASS_V : MASS_U} * r;
      }
      workgroupBarrier();
    }
    //: end
  }

  var sum = 0.0;
  //: for r in 0..HELD
  sum = fma(v[${PARTS * r}u + part], mt[(${PARTS * r}u + part) * ${STRIDE}u + j], sum);
  //: end
  let total = partsSum(sum, thread);
  if (writes) {
    state[2u * plane + row + j] = v[j];
    state[3u * plane + row + j] = u[j];
  }
  let all = lanesSum(select(0.0, total * u[j], writes), thread);
  if (thread == 0u) { distance[n] = all; }
}
