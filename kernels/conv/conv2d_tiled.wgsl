// Convolution as a matrix product with tiles in workgroup memory, for discrete GPUs. NCHW; one product for each group,
// of the channels of that group.
// Activations and their gradients: E, f32 or f16; weights and bias are float32, weights are rounded to E; sums are float32.
// MODE 0: y[o, (n, oy, ox)]      = w[o, (i, ky, kx)] * x at the taps
// MODE 1: x[i, (n, iy, ix)]      = w[(o, ky, kx), i] * y at the taps that reach (iy, ix)
// MODE 2: w[s][o, (i, ky, kx)]   = y[o, (n, oy, ox)] * x at the taps, over the pixels of split s
// A workgroup of TX x TY threads (256) makes BM x BN results, 4 x C a thread, in steps of 16 along the sum. What depends on
// a row or a column alone is worked out before the sum: a whole-number division costs as much as a dozen multiply-adds.
// Dispatch: x * y = rowTiles * ceil(columns / BN) or more, y a multiple of rowTiles = ceil(rows / BM), so that there may be
// more columns than x can count; z = groups * splits (MODE 2 splits the sum).
// Template: E, MODE, BIAS, KH, KW, S (stride), TY, TX, C (4 or 8), BM = 4 TY, BN = C TX, VC (c is written as vec4: pixels of a
// plane, or columns in MODE 2, are a multiple of 4).
struct Params {
  rows: u32,
  rowTiles: u32,
  columns: u32,
  depth: u32,
  depthPerSplit: u32,
  groups: u32,
  groupIn: u32, // channels of a group
  groupOut: u32,
  height: u32,
  width: u32,
  outHeight: u32,
  outWidth: u32,
  padY: u32,
  padX: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
//: if MODE == 2
@group(0) @binding(1) var<storage, read> a: array<${E}>;
//: else
@group(0) @binding(1) var<storage, read> a: array<f32>;
//: end
@group(0) @binding(2) var<storage, read> b: array<${E}>;
//: if MODE == 2 && VC
@group(0) @binding(3) var<storage, read_write> c: array<vec4f>;
//: end
//: if MODE == 2 && !VC
@group(0) @binding(3) var<storage, read_write> c: array<f32>;
//: end
//: if MODE != 2 && VC
@group(0) @binding(3) var<storage, read_write> c: array<vec4<${E}>>;
//: end
//: if MODE != 2 && !VC
@group(0) @binding(3) var<storage, read_write> c: array<${E}>;
//: end
//: if BIAS
@group(0) @binding(4) var<storage, read> bias: array<f32>;
//: end

// [depth][4 rows] and [depth][4 columns], one vector of padding against bank conflicts
var<workgroup> tileA: array<vec4<${E}>, ${16 * (BM / 4 + 1)}>;
var<workgroup> tileB: array<vec4<${E}>, ${16 * (BN / 4 + 1)}>;

// Where a column is that is none: no tap lies inside the map.
const OUTSIDE = 0x80000000u;

@compute @workgroup_size(${TX}, ${TY})
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) thread: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let firstRow = (group.y % params.rowTiles) * ${BM}u;
  let firstColumn = (group.x + group.y / params.rowTiles * groups.x) * ${BN}u;
  let convGroup = group.z % params.groups;
  let split = group.z / params.groups;
  let start = split * params.depthPerSplit;
  let end = min(start + params.depthPerSplit, params.depth);
  let plane = params.height * params.width;
  let outPlane = params.outHeight * params.outWidth;

  // This thread loads four rows of a at one place of the sum; neighbouring threads the next places.
  let kA = index % 16u;
  let vectorA = index / 16u;
  let rowA = firstRow + vectorA * 4u;
  //: if MODE == 0
  let strideA = params.depth;
  let firstA = (convGroup * params.rows + rowA) * params.depth;
  //: end
  //: if MODE == 1
  let strideA = ${KH * KW}u;
  let firstA = (convGroup * params.groupOut * params.groupIn + rowA) * ${KH * KW}u;
  //: end
  //: if MODE == 2
  let strideA = outPlane;
  let firstA = (convGroup * params.groupOut + rowA) * outPlane;
  //: end

  //: if MODE == 2
  // It loads four columns of b, at the same place of the sum, for every vector.
  //: for v in 0..BN/64
  //: for j in 0..4
  let column${v * 4 + j} = firstColumn + vectorA * 4u + ${v * 64 + j}u;
  let tap${v * 4 + j} = column${v * 4 + j} % ${KH * KW}u;
  let x${v * 4 + j} = tap${v * 4 + j} % ${KW}u - params.padX;
  let ky${v * 4 + j} = tap${v * 4 + j} / ${KW}u - params.padY;
  let y${v * 4 + j} = select(OUTSIDE, ky${v * 4 + j}, column${v * 4 + j} < params.columns);
  let b${v * 4 + j} = (convGroup * params.groupIn + column${v * 4 + j} / ${KH * KW}u) * plane
    + ky${v * 4 + j} * params.width + x${v * 4 + j};
  //: end
  //: end
  //: else
  // It loads four columns of b, at ${BN / 64} places of the sum; neighbouring threads the next columns.
  let vectorB = index % ${BN / 4}u;
  let kB = index / ${BN / 4}u;
  //: for j in 0..4
  let column${j} = firstColumn + vectorB * 4u + ${j}u;
  //: if MODE == 0
  let image${j} = column${j} / outPlane;
  let pixel${j} = column${j} % outPlane;
  let iy${j} = pixel${j} / params.outWidth * ${S}u - params.padY;
  let x${j} = pixel${j} % params.outWidth * ${S}u - params.padX;
  let b${j} = (image${j} * params.groups + convGroup) * params.groupIn * plane + iy${j} * params.width + x${j};
  //: else
  let image${j} = column${j} / plane;
  let pixel${j} = column${j} % plane;
  let iy${j} = pixel${j} / params.width + params.padY;
  let x${j} = pixel${j} % params.width + params.padX;
  let b${j} = (image${j} * params.groups + convGroup) * params.groupOut * outPlane;
  //: end
  let y${j} = select(OUTSIDE, iy${j}, column${j} < params.columns);
  //: end
  //: end

  //: for r in 0..4
  //: for v in 0..C/4
  var sum${r}_${v} = vec4f();
  //: end
  //: end
  for (var origin = start; origin < end; origin += 16u) {
    let k = origin + kA;
    //: if MODE == 2
    let image = k / outPlane;
    let pixel = k % outPlane;
    //: end
    //: if BM < 64
    if (vectorA < ${BM / 4}u) {
    //: end
    var rows = vec4<${E}>();
    if (k < end) {
      //: if MODE == 0
      let at = firstA + k;
      //: end
      //: if MODE == 1
      let at = firstA + k / ${KH * KW}u * params.groupIn * ${KH * KW}u + k % ${KH * KW}u;
      //: end
      //: if MODE == 2
      let at = firstA + image * params.groups * params.groupOut * outPlane + pixel;
      //: end
      //: for r in 0..4
      if (rowA + ${r}u < params.rows) { rows[${r}] = ${E}(a[at + ${r}u * strideA]); }
      //: end
    }
    tileA[kA * ${BM / 4 + 1}u + vectorA] = rows;
    //: if BM < 64
    }
    //: end
    //: if MODE == 2
    let oy = pixel / params.outWidth * ${S}u;
    let ox = pixel % params.outWidth * ${S}u;
    let atB = image * params.groups * params.groupIn * plane + oy * params.width + ox;
    //: for v in 0..BN/64
    var columns${v} = vec4<${E}>();
    if (k < end) {
      //: for j in 0..4
      if (oy + y${v * 4 + j} < params.height && ox + x${v * 4 + j} < params.width) {
        columns${v}[${j}] = b[b${v * 4 + j} + atB];
      }
      //: end
    }
    tileB[kA * ${BN / 4 + 1}u + vectorA + ${v * 16}u] = columns${v};
    //: end
    //: else
    //: for v in 0..BN/64
    let k${v} = origin + kB + ${v * 1024 / BN}u;
    var columns${v} = vec4<${E}>();
    if (k${v} < end) {
      let channel = k${v} / ${KH * KW}u;
      let ky = k${v} % ${KH * KW}u / ${KW}u;
      let kx = k${v} % ${KW}u;
      //: if MODE == 0
      let at = (channel * params.height + ky) * params.width + kx;
      //: for j in 0..4
      if (y${j} + ky < params.height && x${j} + kx < params.width) { columns${v}[${j}] = b[b${j} + at]; }
      //: end
      //: else
      let at = channel * outPlane;
      //: for j in 0..4
      // Before the first pixel the difference wraps round to a number far beyond the map.
      let fromY${j} = y${j} - ky;
      let fromX${j} = x${j} - kx;
      //: if S == 1
      if (fromY${j} < params.outHeight && fromX${j} < params.outWidth) {
      //: else
      if (fromY${j} < params.outHeight * ${S}u && fromX${j} < params.outWidth * ${S}u &&
          fromY${j} % ${S}u == 0u && fromX${j} % ${S}u == 0u) {
      //: end
        columns${v}[${j}] = b[b${j} + at + fromY${j} / ${S}u * params.outWidth + fromX${j} / ${S}u];
      }
      //: end
      //: end
    }
    tileB[(kB + ${v * 1024 / BN}u) * ${BN / 4 + 1}u + vectorB] = columns${v};
    //: end
    //: end
    workgroupBarrier();
    for (var i = 0u; i < 16u; i++) {
      let rows = vec4f(tileA[i * ${BM / 4 + 1}u + thread.y]);
      //: for v in 0..C/4
      let columns${v} = vec4f(tileB[i * ${BN / 4 + 1}u + thread.x + ${v * TX}u]);
      //: for r in 0..4
      sum${r}_${v} += rows[${r}] * columns${v};
      //: end
      //: end
    }
    workgroupBarrier();
  }

  //: if MODE == 0
  let place = outPlane;
  //: else
  let place = plane;
  //: end
  //: for r in 0..4
  let row${r} = firstRow + thread.y * 4u + ${r}u;
  if (row${r} < params.rows) {
    //: for v in 0..C/4
    //: if BIAS
    sum${r}_${v} += bias[convGroup * params.rows + row${r}];
    //: end
    //: if VC
    let at${v} = firstColumn + (thread.x + ${v * TX}u) * 4u;
    if (at${v} < params.columns) {
      //: if MODE == 2
      c[(((split * params.groups + convGroup) * params.rows + row${r}) * params.columns + at${v}) / 4u] = sum${r}_${v};
      //: else
      let channel = (at${v} / place * params.groups + convGroup) * params.rows + row${r};
      c[(channel * place + at${v} % place) / 4u] = vec4<${E}>(sum${r}_${v});
      //: end
    }
    //: else
    //: for j in 0..4
    let at${v * 4 + j} = firstColumn + (thread.x + ${v * TX}u) * 4u + ${j}u;
    if (at${v * 4 + j} < params.columns) {
      //: if MODE == 2
      c[((split * params.groups + convGroup) * params.rows + row${r}) * params.columns + at${v * 4 + j}] = sum${r}_${v}[${j}];
      //: else
      let channel = (at${v * 4 + j} / place * params.groups + convGroup) * params.rows + row${r};
      c[channel * place + at${v * 4 + j} % place] = ${E}(sum${r}_${v}[${j}]);
      //: end
    }
    //: end
    //: end
    //: end
  }
  //: end
}
