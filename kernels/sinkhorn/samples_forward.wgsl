// All Sinkhorn iterations of a sample in one thread, for adapters that run kernels on the CPU:
//   v = q / (K^T u + 1e-8), u = p / (K v + 1e-8), `iterations` times from u = start;
//   distance[n] = sum over i, j of u_i K_ij D_ij v_j.
// p, q, distance: float32 [samples, classes], [samples]; labels: int32 [samples], read when `separated`
// (that class has no mass and no initial u). k, kt, mt: K[i][j], K[j][i], (K D)[j][i], rows of `stride`
// vec4 padded with zeros. state: [4 + 2 iterations][samples][4 stride]: q, p, v, u, then 1 / (K^T u + 1e-8)
// and 1 / (K v + 1e-8) of every iteration. Dispatch: one thread a sample, groups of 8.
struct Params { samples: u32, classes: u32, stride: u32, iterations: u32, separated: u32, start: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<uniform> k: array<vec4f, 4096>;
@group(0) @binding(2) var<uniform> kt: array<vec4f, 4096>;
@group(0) @binding(3) var<uniform> mt: array<vec4f, 4096>;
@group(0) @binding(4) var<storage, read> p: array<f32>;
@group(0) @binding(5) var<storage, read> q: array<f32>;
@group(0) @binding(6) var<storage, read> labels: array<i32>;
@group(0) @binding(7) var<storage, read_write> state: array<f32>;
@group(0) @binding(8) var<storage, read_write> distance: array<f32>;

@compute @workgroup_size(8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let n = id.x;
  if (n >= params.samples) { return; }
  let stride = params.stride;
  let columns = 4u * stride;
  let plane = params.samples * columns;
  let row = n * columns;
  let excluded = select(params.classes, u32(labels[n]), params.separated != 0u);
  var sums: array<vec4f, ${CHUNK}>;

  for (var j = 0u; j < columns; j++) {
    let counts = j < params.classes && j != excluded;
    let at = n * params.classes + min(j, params.classes - 1u);
    state[row + j] = select(0.0, q[at], counts);
    state[plane + row + j] = select(0.0, p[at], counts);
    state[3u * plane + row + j] = select(0.0, params.start, counts);
  }

  for (var t = 0u; t < params.iterations; t++) {
    //: for side in 0..2
    for (var first = 0u; first < stride; first += ${CHUNK}u) {
      //: for c in 0..CHUNK
      var sum${c} = vec4f(0.0);
      //: end
      var at = first;
      for (var i = 0u; i < columns; i++) {
        let x = state[${3 - side}u * plane + row + i];
        //: for c in 0..CHUNK
        sum${c} += x * ${side == 0 ? K : KT}[at + ${c}u];
        //: end
        at += stride;
      }
      //: for c in 0..CHUNK
      sums[${c}] = sum${c};
      //: end
      let end = min(4u * first + ${4 * CHUNK}u, columns);
      for (var j = 4u * first; j < end; j++) {
        let r = 1.0 / (sums[j / 4u - first][j % 4u] + 1e-8);
        state[(4u + 2u * t + ${side}u) * plane + row + j] = r;
        state[${2 + side}u * plane + row + j] = state[${side}u * plane + row + j] * r;
      }
    }
    //: end
  }

  var total = 0.0;
  for (var first = 0u; first < stride; first += ${CHUNK}u) {
    //: for c in 0..CHUNK
    var sum${c} = vec4f(0.0);
    //: end
    var at = first;
    for (var j = 0u; j < columns; j++) {
      let x = state[2u * plane + row + j];
      //: for c in 0..CHUNK
      sum${c} += x * mt[at + ${c}u];
      //: end
      at += stride;
    }
    //: for c in 0..CHUNK
    sums[${c}] = sum${c};
    //: end
    let end = min(4u * first + ${4 * CHUNK}u, columns);
    for (var i = 4u * first; i < end; i++) {
      total += sums[i / 4u - first][i % 4u] * state[3u * plane + row + i];
    }
  }
  distance[n] = total;
}
