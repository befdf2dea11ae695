// A product of the batch with a matrix of the cost kernel and the element-wise half of Sinkhorn that follows it:
//   z = x B (+ addend), B one of K, K^T, K D, (K D)^T
//   MODE scale:    r = 1 / (z + 1e-8), y = mass r                            (v or u, forward)
//   MODE plain:    y = z
//   MODE gradient: y = -z mass r^2, grad = or += z r where `accumulate` asks (dB or dA, and dq or dp)
// x, y, r, addend: float32 [rows][stride] vec4, zero (x, y) past the samples and classes; b: [4 stride][stride] vec4.
// mass, grad: float32 [samples, classes]; labels: int32 [samples], read when `separated`: the excluded class has
// neither mass nor gradient. accumulate: 0 no gradient, 1 set, 2 add.
// Dispatch: TILED 0: one thread an 8 x 8 tile, groups of 64, rows a multiple of 8;
//           TILED 1: one group of 64 threads a 32 x 64 tile, 4 x 8 a thread; grid [ceil(stride / 16), ceil(rows / 32)];
//           UNROLLED: how many of the four vectors of a step are unrolled.
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
// [row][4 places of the sum], one vector of padding against bank conflicts, and [place][4 columns]
var<workgroup> x_tile: array<array<vec4f, 5>, 32>;
var<workgroup> b_tile: array<array<vec4f, 16>, 16>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let stride = params.stride;
  let first_row = group.y * 32u;
  let first_column = group.x * 16u;
  let column = thread % 8u;
  let row = (thread / 8u) * 4u;
  //: for n in 0..4
  //: for c in 0..2
  var sum${n}_${c} = vec4f();
  //: end
  //: end
  // The next 16 places are loaded before the products of these, and masked after them, so that nothing waits for the loads.
  // What lies past the last row or column goes into results that are not written.
  let x_row = thread / 4u;
  let x_place = thread % 4u;
  let b_place = thread / 16u;
  let b_column = thread % 16u;
  var x_at = (first_row + x_row) * stride + x_place;
  var b_at = b_place * stride + first_column + b_column;
  //: for part in 0..2
  var next_x${part} = x[x_at + ${16 * part}u * stride];
  //: end
  //: for part in 0..4
  var next_b${part} = b[b_at + ${4 * part}u * stride];
  //: end
  for (var step = 0u; step < stride; step += 4u) {
    workgroupBarrier();
    //: for part in 0..2
    x_tile[x_row + ${16 * part}u][x_place] = select(vec4f(), next_x${part}, step + x_place < stride);
    //: end
    //: for part in 0..4
    b_tile[b_place + ${4 * part}u][b_column] = select(vec4f(), next_b${part}, step + ${part}u < stride);
    //: end
    workgroupBarrier();
    x_at += 4u;
    b_at += 16u * stride;
    //: for part in 0..2
    next_x${part} = x[x_at + ${16 * part}u * stride];
    //: end
    //: for part in 0..4
    next_b${part} = b[b_at + ${4 * part}u * stride];
    //: end
    for (var turn = 0u; turn < 4u; turn += ${UNROLLED}u) {
      //: for i in 0..UNROLLED
      {
        //: for n in 0..4
        let x${n} = x_tile[row + ${n}u][turn + ${i}u];
        //: end
        //: for l in 0..4
        //: for c in 0..2
        let b${l}_${c} = b_tile[4u * turn + ${4 * i + l}u][column + ${8 * c}u];
        //: for n in 0..4
        sum${n}_${c} = fma(vec4f(x${n}[${l}]), b${l}_${c}, sum${n}_${c});
        //: end
        //: end
        //: end
      }
      //: end
    }
  }
  var sums = array<vec4f, 8>(sum0_0, sum0_1, sum1_0, sum1_1, sum2_0, sum2_1, sum3_0, sum3_1);
  for (var e = 0u; e < 8u; e++) {
    let n = first_row + row + e / 2u;
    let j = first_column + column + e % 2u * 8u;
    if (n < params.rows && j < stride) { finish(n, j, sums[e]); }
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
