// Gradient of all Sinkhorn iterations of a sample in one thread, for adapters that run kernels on the CPU.
// From dU = g (K D) v and dV = g (K D)^T u of the last iteration, backwards through
//   u = p a, a = 1 / (K v + 1e-8):   dp += dU a, dA = -dU p a^2, dV += K^T dA
//   v = q b, b = 1 / (K^T u + 1e-8): dq += dV b, dB = -dV q b^2, dU  = K dB (for the u before).
// k, kt, m, mt: K[i][j], K[j][i], (K D)[i][j], (K D)[j][i], rows of `stride` vec4. state: as the forward kernel
// left it. g: float32 [samples]. dp, dq: float32 [samples, classes], zero for the excluded class; dq is written
// when `wants_q`. work: [4][samples][4 stride], scratch: dB, dA, dq, dp. Dispatch: one thread a sample, groups of 8.
struct Params { samples: u32, classes: u32, stride: u32, iterations: u32, separated: u32, wants_q: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<uniform> k: array<vec4f, 4096>;
@group(0) @binding(2) var<uniform> kt: array<vec4f, 4096>;
@group(0) @binding(3) var<uniform> m: array<vec4f, 4096>;
@group(0) @binding(4) var<uniform> mt: array<vec4f, 4096>;
@group(0) @binding(5) var<storage, read> state: array<f32>;
@group(0) @binding(6) var<storage, read> labels: array<i32>;
@group(0) @binding(7) var<storage, read> g: array<f32>;
@group(0) @binding(8) var<storage, read_write> work: array<f32>;
@group(0) @binding(9) var<storage, read_write> dp: array<f32>;
@group(0) @binding(10) var<storage, read_write> dq: array<f32>;

@compute @workgroup_size(8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let n = id.x;
  if (n >= params.samples) { return; }
  let stride = params.stride;
  let columns = 4u * stride;
  let plane = params.samples * columns;
  let row = n * columns;
  let last = params.iterations - 1u;
  var sums: array<vec4f, ${CHUNK}>;

  for (var j = 0u; j < columns; j++) {
    work[2u * plane + row + j] = 0.0;
    work[3u * plane + row + j] = 0.0;
  }

  for (var step = 0u; step < params.iterations; step++) {
    let t = last - step;
    //: for half in 0..2
    //: if half == 1
    if (t == 0u && params.wants_q == 0u) { break; }
    //: end
    for (var first = 0u; first < stride; first += ${CHUNK}u) {
      //: for c in 0..CHUNK
      var sum${c} = vec4f(0.0);
      //: end
      if (t == last) {
        var at = first;
        for (var i = 0u; i < columns; i++) {
          let x = g[n] * state[${2 + half}u * plane + row + i];
          //: for c in 0..CHUNK
          sum${c} += x * ${half == 0 ? MT : M}[at + ${c}u];
          //: end
          at += stride;
        }
      }
      if (${half}u == 1u || t != last) {
        var at = first;
        for (var i = 0u; i < columns; i++) {
          let x = work[${half}u * plane + row + i];
          //: for c in 0..CHUNK
          sum${c} += x * ${half == 0 ? KT : K}[at + ${c}u];
          //: end
          at += stride;
        }
      }
      //: for c in 0..CHUNK
      sums[${c}] = sum${c};
      //: end
      let end = min(4u * first + ${4 * CHUNK}u, columns);
      for (var j = 4u * first; j < end; j++) {
        let r = state[(4u + 2u * t + ${1 - half}u) * plane + row + j];
        let gradient = sums[j / 4u - first][j % 4u] * r;
        work[${3 - half}u * plane + row + j] += gradient;
        work[${1 - half}u * plane + row + j] = -(gradient * r) * state[${1 - half}u * plane + row + j];
      }
    }
    //: end
  }

  let excluded = select(params.classes, u32(labels[n]), params.separated != 0u);
  for (var j = 0u; j < params.classes; j++) {
    let kept = select(1.0, 0.0, j == excluded);
    dp[n * params.classes + j] = kept * work[3u * plane + row + j];
    if (params.wants_q != 0u) { dq[n * params.classes + j] = kept * work[2u * plane + row + j]; }
  }
}
