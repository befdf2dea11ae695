// partial[s][g, o, i, tap] = sum over the pixels (n, oy, ox) of split s of dy[n, o, oy, ox] * x[n, i, at the tap], as a matrix
// product for each group with tiles in workgroup memory, for discrete GPUs; sum_partials adds the splits in fixed order. NCHW;
// x, dy: E, f32 or f16; sums are float32.
// Columns are (tap, i), the channels of a tap rounded up to whole vectors, so that one comparison serves four of them.
// A workgroup of TX x TY threads makes BM x BN results, R x C a thread, in steps of D pixels. The elements of the next step
// are loaded before the products of this one, and masked after them, so that nothing waits for the loads. What lies past the
// last row or column goes into results that are not written.
// Dispatch: x = ceil(columns / BN), y = ceil(rows / BM), z = groups * splits.
// Template: E, TY, TX, R, C, D, U, THREADS, BM = R TY, BN = C TX, S (of the NB = BN D / (4 THREADS) vectors of columns that a
// thread loads, as many are neighbours in one tap: paddedChannels is a multiple of 4 S, and NB one of S), WHOLE
// (depth is a multiple of D).
struct Params {
  rows: u32, // output channels of a group
  channels: u32, // input channels of a group
  paddedChannels: u32, // rounded up to a multiple of 4
  depth: u32, // pixels of all images
  depthPerSplit: u32, // a multiple of D
  groups: u32,
  height: u32,
  width: u32,
  outHeight: u32,
  outWidth: u32,
  kernelY: u32,
  kernelX: u32,
  stride: u32,
  padY: u32,
  padX: u32,
  stepImages: u32, // D pixels on
  stepY: u32,
  stepX: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<${E}>;
@group(0) @binding(2) var<storage, read> x: array<${E}>;
@group(0) @binding(3) var<storage, read_write> partials: array<f32>;

// [pixel][4 rows] and [pixel][4 columns], one vector of padding against bank conflicts
var<workgroup> tileA: array<array<vec4<${E}>, ${BM / 4 + 1}>, ${D}>;
var<workgroup> tileB: array<array<vec4<${E}>, ${BN / 4 + 1}>, ${D}>;

@compute @workgroup_size(${TX}, ${TY})
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_id) thread: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let firstRow = group.y * ${BM}u;
  let firstColumn = group.x * ${BN}u;
  let convGroup = group.z % params.groups;
  let split = group.z / params.groups;
  let start = split * params.depthPerSplit;
  let end = min(start + params.depthPerSplit, params.depth);
  let plane = params.height * params.width;
  let outPlane = params.outHeight * params.outWidth;
  let taps = params.kernelY * params.kernelX;

  // This thread loads one pixel of every ${THREADS / D}th vector of rows and of every ${THREADS / D}th ${S} vectors of columns;
  // neighbouring threads load the next pixels.
  let place = index % ${D}u;
  let vector = index / ${D}u;
  let firstA = (convGroup * params.rows + firstRow + vector * 4u) * outPlane;
  //: for t in 0..NB / S
  let column${t} = firstColumn + (vector + ${t * THREADS / D}u) * ${4 * S}u;
  let tap${t} = column${t} / params.paddedChannels;
  let shiftY${t} = tap${t} / params.kernelX - params.padY;
  let shiftX${t} = tap${t} % params.kernelX - params.padX;
  let first${t} = (convGroup * params.channels + column${t} % params.paddedChannels) * plane + shiftY${t} * params.width + shiftX${t};
  //: end
  // Where the pixel lies in x (its first tap, without padding) and in dy, and what changes on the way to the next step's: by
  // D pixels, and more where that leaves a row or an image.
  let imageX = params.groups * params.channels * plane;
  let imageA = params.groups * params.rows * outPlane;
  let endY = params.outHeight * params.stride;
  let endX = params.outWidth * params.stride;
  let stepY = params.stepY * params.stride;
  let stepX = params.stepX * params.stride;
  let stepBase = params.stepImages * imageX + stepY * params.width + stepX;
  let rowBase = params.stride * params.width - endX;
  let imageBase = imageX - endY * params.width;
  let stepA = params.stepImages * (imageA - outPlane) + ${D}u;
  let pixel = start + place;
  let image = pixel / outPlane;
  var fromY = pixel % outPlane / params.outWidth * params.stride;
  var fromX = pixel % outPlane % params.outWidth * params.stride;
  var base = image * imageX + fromY * params.width + fromX;
  var atA = firstA + image * (imageA - outPlane) + pixel;

  let rowPlace = thread.y;
  let columnPlace = thread.x;
  //: for r in 0..R
  //: for v in 0..C/4
  var sum${r}_${v} = vec4f();
  //: end
  //: end
  //: for v in 0..(BM * D + 4 * THREADS - 1) / (4 * THREADS)
  var rows${v}: vec4<${E}>;
  //: end
  //: for t in 0..NB / S
  var valid${t}: bool;
  //: for i in 0..S
  var columns${t * S + i}: vec4<${E}>;
  //: end
  //: end
  {
    //: include "conv_pixels_load"
  }
  for (var origin = start; origin < end; origin += ${D}u) {
    workgroupBarrier();
    //: if !WHOLE
    let left = origin + place < end;
    //: end
    //: if BM * D < 4 * THREADS
    if (index < ${BM * D / 4}u) {
    //: end
    //: for v in 0..(BM * D + 4 * THREADS - 1) / (4 * THREADS)
    //: if WHOLE
    tileA[place][vector + ${v * THREADS / D}u] = rows${v};
    //: else
    tileA[place][vector + ${v * THREADS / D}u] = select(vec4<${E}>(), rows${v}, left);
    //: end
    //: end
    //: if BM * D < 4 * THREADS
    }
    //: end
    //: for t in 0..NB / S
    //: for i in 0..S
    tileB[place][(vector + ${t * THREADS / D}u) * ${S}u + ${i}u] =
      //: if WHOLE
      select(vec4<${E}>(), columns${t * S + i}, valid${t});
      //: else
      select(vec4<${E}>(), columns${t * S + i}, left && valid${t});
      //: end
    //: end
    //: end
    workgroupBarrier();
    //: include "conv_pixels_load"
    //: include "tile_sum"
  }

  //: for v in 0..C/4
  let to${v} = firstColumn + (thread.x + ${v * TX}u) * 4u;
  let toTap${v} = to${v} / params.paddedChannels;
  let toChannel${v} = to${v} % params.paddedChannels;
  //: end
  //: for r in 0..R
  let row${r} = firstRow + (thread.y + ${r / 4 * TY}u) * 4u + ${r % 4}u;
  if (row${r} < params.rows) {
    let first = ((split * params.groups + convGroup) * params.rows + row${r}) * params.channels;
    //: for v in 0..C/4
    //: for j in 0..4
    if (toTap${v} < taps && toChannel${v} + ${j}u < params.channels) {
      partials[(first + toChannel${v} + ${j}u) * taps + toTap${v}] = sum${r}_${v}[${j}];
    }
    //: end
    //: end
  }
  //: end
}
