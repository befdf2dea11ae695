// Convolution, or its input gradient, as a matrix product with tiles in workgroup memory, for discrete GPUs. NCHW; one product
// for each group, of the channels of that group.
// forward:  y[o, (n, oy, ox)] = w[o, (i, ky, kx)] * x at the taps
// gradient: x[i, (n, iy, ix)] = w[(o, ky, kx), i] * y at the taps that reach (iy, ix). With a stride these depend on iy and ix
//           modulo the stride: each such class of pixels is a convolution with stride 1 of its own (classSide is the stride).
// Both are: target[row, place] = sum over channel and tap of packed weight * source[place * scale + shift + direction * tap].
// Activations and their gradients: E, f32 or f16; weights (conv2d_tiled_pack) are rounded to E, bias is float32, sums are; + residual (E, as the
// target) and ReLU follow.
// A workgroup of TX x TY threads makes BM x BN results, R x C a thread, in steps of D along the sum: K channels at one tap, or
// at D / K taps. The elements of the next step are loaded before the products of this one, and masked after them, so that
// nothing waits for the loads.
// Dispatch: x * y = rowTiles * ceil(columns / BN) or more, y a multiple of rowTiles = ceil(rows / BM), so that there may be
// more columns than x can count; z = groups * classSide^2.
// Template: E, BIAS, RESIDUAL, RELU, TY, TX, R, C, D, U, THREADS, BM = R TY, BN = C TX, K (D, or a smaller power of two that holds all
// channels), WHOLE (the channels of a group are a multiple of K), P (4 THREADS / BN), G (the larger of P and K), VB (1 x 1, stride 1,
// planes of whole vec4: the source is read as these), VC (the target is written as vec4: classSide is 1 and planes are a
// multiple of 4).
struct Params {
  rows: u32, // channels of a group of the target
  rowTiles: u32,
  columns: u32, // places in all images, of a class
  channels: u32, // of a group of the source
  groups: u32,
  placeHeight: u32, // places of a class in an image
  placeWidth: u32,
  sourceHeight: u32,
  sourceWidth: u32,
  targetHeight: u32,
  targetWidth: u32,
  kernelY: u32,
  kernelX: u32,
  padY: u32,
  padX: u32,
  scale: u32, // the stride, forward
  classSide: u32, // the stride, gradient
  direction: u32, // 1 forward, -1 gradient
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4<${E}>>;
//: if VB
@group(0) @binding(2) var<storage, read> b: array<vec4<${E}>>;
//: else
@group(0) @binding(2) var<storage, read> b: array<${E}>;
//: end
//: if VC
@group(0) @binding(3) var<storage, read_write> c: array<vec4<${E}>>;
//: else
@group(0) @binding(3) var<storage, read_write> c: array<${E}>;
//: end
//: if BIAS
@group(0) @binding(4) var<storage, read> bias: array<f32>;
//: end
//: if RESIDUAL && VC
@group(0) @binding(5) var<storage, read> residual: array<vec4<${E}>>;
//: end
//: if RESIDUAL && !VC
@group(0) @binding(5) var<storage, read> residual: array<${E}>;
//: end
//: if RELU

//: include "rectified" T = "vec4f", I = "vec4i"
//: end

// [place of the sum][4 rows] and [place][4 columns]
var<workgroup> tileA: array<array<vec4<${E}>, ${BM / 4}>, ${D}>;
var<workgroup> tileB: array<array<vec4<${E}>, ${BN / 4}>, ${D}>;

// Where a column is that is none: no tap lies inside the map.
const OUTSIDE = 0x80000000u;

@compute @workgroup_size(${TX}, ${TY})
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) thread: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let rowTile = group.y % params.rowTiles;
  let firstColumn = (group.x + group.y / params.rowTiles * groups.x) * ${BN}u;
  let convGroup = group.z % params.groups;
  let side = params.classSide;
  let classY = group.z / params.groups / side;
  let classX = group.z / params.groups % side;
  // The taps of this class: from the first on, every side-th.
  let firstTapY = (classY + params.padY) % side;
  let firstTapX = (classX + params.padX) % side;
  let tapsY = (max(params.kernelY, firstTapY) - firstTapY + side - 1u) / side;
  let tapsX = (max(params.kernelX, firstTapX) - firstTapX + side - 1u) / side;
  let shiftY = (classY + params.padY) / side * (0u - params.direction);
  let shiftX = (classX + params.padX) / side * (0u - params.direction);
  let sourcePlane = params.sourceHeight * params.sourceWidth;
  let placePlane = params.placeHeight * params.placeWidth;
  let taps = params.kernelY * params.kernelX;
  let chunks = (params.channels + ${K - 1}u) / ${K}u;
  let blockA = (convGroup * params.rowTiles + rowTile) * chunks * taps * ${K * BM / 4}u;

  // This thread loads four columns of b, at every ${P}th place of the sum.
  let vectorB = index % ${BN / 4}u;
  let placeB = index / ${BN / 4}u;
  //: for j in 0..VB?1:4
  let column${j} = firstColumn + vectorB * 4u + ${j}u;
  let pixel${j} = column${j} % placePlane;
  let fromY${j} = pixel${j} / params.placeWidth * params.scale + shiftY;
  let x${j} = pixel${j} % params.placeWidth * params.scale + shiftX;
  let y${j} = select(OUTSIDE, fromY${j}, column${j} < params.columns);
  let first${j} = (column${j} / placePlane * params.groups + convGroup) * params.channels * sourcePlane
    + fromY${j} * params.sourceWidth + x${j};
  //: end

  let rowPlace = thread.y;
  let columnPlace = thread.x;
  //: for r in 0..R
  //: for v in 0..C/4
  var sum${r}_${v} = vec4f();
  //: end
  //: end
  //: if K == D
  let steps = chunks * tapsY * tapsX;
  var channel = 0u;
  var tapY = 0u;
  var tapX = 0u;
  //: else
  let countX = max(tapsX, 1u);
  let steps = (tapsY * tapsX + ${D / K - 1}u) / ${D / K}u;
  //: end
  //: for v in 0..(BM * D + 4 * THREADS - 1) / (4 * THREADS)
  var weight${v}: vec4<${E}>;
  //: if K < D
  let placeA${v} = (index + ${v * THREADS}u) / ${BM / 4}u;
  var leftA${v}: bool;
  //: end
  //: end
  //: for v in 0..D / P
  var next${v}: vec4<${E}>;
  //: if K == D && !WHOLE
  var left${v}: bool;
  //: end
  //: end
  //: for u in 0..D / G
  //: for j in 0..VB?1:4
  var valid${u}_${j}: bool;
  //: end
  //: end
  //: if K < D
  var loaded = 0u;
  //: end
  {
    //: include "conv_tile_load"
  }
  for (var step = 0u; step < steps; step++) {
    workgroupBarrier();
    //: if BM * D < 4 * THREADS
    if (index < ${BM * D / 4}u) {
    //: end
    //: for v in 0..(BM * D + 4 * THREADS - 1) / (4 * THREADS)
    //: if K == D
    tileA[(index + ${v * THREADS}u) / ${BM / 4}u][(index + ${v * THREADS}u) % ${BM / 4}u] = weight${v};
    //: else
    tileA[placeA${v}][(index + ${v * THREADS}u) % ${BM / 4}u] = select(vec4<${E}>(), weight${v}, leftA${v});
    //: end
    //: end
    //: if BM * D < 4 * THREADS
    }
    //: end
    //: for v in 0..D / P
    //: if K < D && !WHOLE
    let left${v} = (placeB + ${v * P}u) % ${K}u < params.channels;
    //: end
    tileB[placeB + ${v * P}u][vectorB] = select(
      vec4<${E}>(),
      next${v},
      //: if VB
      valid${v * P / G}_0
      //: else
      vec4(
        //: for j in 0..4
        valid${v * P / G}_${j},
        //: end
      )
      //: end
      //: if !WHOLE
      //: if VB
      && left${v}
      //: else
      & vec4(left${v})
      //: end
      //: end
    );
    //: end
    workgroupBarrier();
    //: include "conv_tile_load"
    //: include "tile_sum"
  }

  let targetPlane = params.targetHeight * params.targetWidth;
  //: for v in 0..C/4
  //: for j in 0..VC?1:4
  let to${v}_${j} = firstColumn + (thread.x + ${v * TX}u) * 4u + ${j}u;
  let toY${v}_${j} = to${v}_${j} % placePlane / params.placeWidth * side + classY;
  let toX${v}_${j} = to${v}_${j} % placePlane % params.placeWidth * side + classX;
  let inside${v}_${j} = to${v}_${j} < params.columns && toY${v}_${j} < params.targetHeight && toX${v}_${j} < params.targetWidth;
  let at${v}_${j} = (to${v}_${j} / placePlane * params.groups + convGroup) * params.rows * targetPlane
    + toY${v}_${j} * params.targetWidth + toX${v}_${j};
  //: end
  //: end
  //: for r in 0..R
  let row${r} = rowTile * ${BM}u + (thread.y + ${r / 4 * TY}u) * 4u + ${r % 4}u;
  if (row${r} < params.rows) {
    //: for v in 0..C/4
    //: if BIAS
    sum${r}_${v} += bias[convGroup * params.rows + row${r}];
    //: end
    //: if RESIDUAL && VC
    if (inside${v}_0) { sum${r}_${v} += vec4f(residual[(at${v}_0 + row${r} * targetPlane) / 4u]); }
    //: end
    //: if RESIDUAL && !VC
    //: for j in 0..4
    if (inside${v}_${j}) { sum${r}_${v}[${j}] += f32(residual[at${v}_${j} + row${r} * targetPlane]); }
    //: end
    //: end
    //: if RELU
    sum${r}_${v} = rectified(sum${r}_${v});
    //: end
    //: if VC
    if (inside${v}_0) { c[(at${v}_0 + row${r} * targetPlane) / 4u] = vec4<${E}>(sum${r}_${v}); }
    //: else
    //: for j in 0..4
    if (inside${v}_${j}) { c[at${v}_${j} + row${r} * targetPlane] = ${E}(sum${r}_${v}[${j}]); }
    //: end
    //: end
    //: end
  }
  //: end
}
