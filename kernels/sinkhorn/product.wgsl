// A product of the batch with a matrix of the cost kernel and the element-wise half of Sinkhorn that follows it:
//   z = x B (+ addend), B one of K, K^T, K D, (K D)^T
//   MODE scale:    r = 1 / (z + 1e-8), y = mass r                            (v or u, forward)
//   MODE plain:    y = z
//   MODE gradient: y = -z mass r^2, grad = or += z r where `accumulate` asks (dB or dA, and dq or dp)
// x, y, r, addend: float32 [rows][stride] vec4, zero (x, y) past the samples and classes; b: [4 stride][stride] vec4.
// mass, grad: float32 [samples, classes]; labels: int32 [samples], read when `separated`: the excluded class has
// neither mass nor gradient. accumulate: 0 no gradient, 1 set, 2 add.
// Dispatch: TILED 0: one thread an 8 x 8 tile, groups of 64, rows a multiple of 8;
//           TILED 1: one group of 128 threads a 32 x 64 tile, 4 x 4 a thread; grid [ceil(stride / 16), ceil(rows / 32)].
struct Params {
  samples: u32, classes: u32, stride: u32, rows: u32, separated: u32, with_addend: u32, accumulate: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;
//: if MODE != PLAIN
@group(0) @binding(4) var<storage, read> mass: array<f32>;
@group(0) @binding(5) var<storage, read> labels: array<i32>;
//: end
//: if MODE == SCALE
@group(0) @binding(6) var<storage, read_write> r: array<vec4f>;
//: end
//: if MODE == GRADIENT
@group(0) @binding(6) var<storage, read> r: array<vec4f>;
@group(0) @binding(7) var<storage, read> addend: array<vec4f>;
@group(0) @binding(8) var<storage, read_write> grad: array<f32>;
//: end

fn finish(n: u32, j: u32, sum: vec4f) {
  let at = n * params.stride + j;
  //: if MODE == PLAIN
  y[at] = sum;
  //: else
  var given = vec4f(0.0);
  let excluded = select(params.classes, u32(labels[n]), params.separated != 0u);
  //: for l in 0..4
  if (n < params.samples && 4u * j + ${l}u < params.classes && 4u * j + ${l}u != excluded) {
    given[${l}] = mass[n * params.classes + 4u * j + ${l}u];
  }
  //: end
  //: if MODE == SCALE
  let inverse = 1.0 / (sum + vec4f(1e-8));
  r[at] = inverse;
  y[at] = given * inverse;
  //: else
  let inverse = r[at];
  var z = sum;
  if (params.with_addend != 0u) { z += addend[at]; }
  let gradient = z * inverse;
  y[at] = -(gradient * inverse) * given;
  if (params.accumulate != 0u) {
    //: for l in 0..4
    if (n < params.samples && 4u * j + ${l}u < params.classes) {
      let e = n * params.classes + 4u * j + ${l}u;
      let value = select(gradient[${l}], 0.0, 4u * j + ${l}u == excluded);
      if (params.accumulate == 1u) { grad[e] = value; } else { grad[e] += value; }
    }
    //: end
  }
  //: end
  //: end
}

//: if TILED
var<workgroup> x_tile: array<vec4f, 256>;
var<workgroup> b_tile: array<vec4f, 512>;

@compute @workgroup_size(128)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let stride = params.stride;
  let first_row = group.y * 32u;
  let first_column = group.x * 16u;
  let column = thread % 16u;
  let row = (thread / 16u) * 4u;
  //: for i in 0..4
  var sum${i} = vec4f(0.0);
  //: end
  for (var step = 0u; step < stride; step += 8u) {
    //: for part in 0..2
    {
      let e = thread + ${128 * part}u;
      let n = first_row + e / 8u;
      let i = step + e % 8u;
      var value = vec4f(0.0);
      if (n < params.rows && i < stride) { value = x[n * stride + i]; }
      x_tile[e] = value;
    }
    //: end
    //: for part in 0..4
    {
      let e = thread + ${128 * part}u;
      let i = 4u * step + e / 16u;
      let j = first_column + e % 16u;
      var value = vec4f(0.0);
      if (i < 4u * stride && j < stride) { value = b[i * stride + j]; }
      b_tile[e] = value;
    }
    //: end
    workgroupBarrier();
    for (var i = 0u; i < 8u; i++) {
      //: for l in 0..4
      let b${l} = b_tile[(4u * i + ${l}u) * 16u + column];
      //: end
      //: for n in 0..4
      let x${n} = x_tile[(row + ${n}u) * 8u + i];
      //: for l in 0..4
      sum${n} += x${n}[${l}] * b${l};
      //: end
      //: end
    }
    workgroupBarrier();
  }
  if (first_column + column >= stride) { return; }
  var sums = array<vec4f, 4>(sum0, sum1, sum2, sum3);
  for (var n = 0u; n < 4u && first_row + row + n < params.rows; n++) {
    finish(first_row + row + n, first_column + column, sums[n]);
  }
}
//: else
@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let stride = params.stride;
  let tile = (group.x + group.y * groups.x) * 64u + thread;
  let columns = (stride + 1u) / 2u;
  if (tile >= columns * (params.rows / 8u)) { return; }
  let first_row = tile / columns * 8u;
  let first_column = tile % columns * 2u;
  //: for n in 0..8
  //: for c in 0..2
  var sum${n}_${c} = vec4f(0.0);
  //: end
  //: end
  var at = first_column;
  for (var i = 0u; i < stride; i++) {
    //: for n in 0..8
    let x${n} = x[(first_row + ${n}u) * stride + i];
    //: end
    //: for l in 0..4
    {
      let b0 = b[at];
      let b1 = b[at + 1u];
      //: for n in 0..8
      //: for c in 0..2
      sum${n}_${c} += x${n}[${l}] * b${c};
      //: end
      //: end
      at += stride;
    }
    //: end
  }
  // Sixteen copies of the element-wise half would take seconds to compile.
  var sums: array<vec4f, 16>;
  //: for n in 0..8
  //: for c in 0..2
  sums[${2 * n + c}] = sum${n}_${c};
  //: end
  //: end
  for (var e = 0u; e < 16u; e++) {
    if (first_column + e % 2u < stride) { finish(first_row + e / 2u, first_column + e % 2u, sums[e]); }
  }
}
//: end
