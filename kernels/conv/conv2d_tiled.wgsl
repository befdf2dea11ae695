// Convolution as a matrix product with tiles in workgroup memory, for discrete GPUs. NCHW; one product for each group,
// of the channels of that group.
// Activations and their gradients: E, f32 or f16; weights and bias are float32, weights are rounded to E; sums are float32.
// MODE 0: y[o, (n, oy, ox)]      = w[o, (i, ky, kx)] * x at the taps
// MODE 1: x[i, (n, iy, ix)]      = w[(o, ky, kx), i] * y at the taps that reach (iy, ix)
// MODE 2: w[s][o, (i, ky, kx)]   = y[o, (n, oy, ox)] * x at the taps, over the pixels of split s
// A workgroup of 16 x 16 threads makes 64 x 64 results, 4 x 4 a thread, in steps of 16 along the sum.
// Dispatch: x * y = rowTiles * ceil(columns / 64) or more, y a multiple of rowTiles = ceil(rows / 64), so that there may be
// more columns than x can count; z = groups * splits (MODE 2 splits the sum). Template: E, MODE, BIAS.
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
  kernelY: u32,
  kernelX: u32,
  strideY: u32,
  strideX: u32,
  padY: u32,
  padX: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
//: if MODE == 2
@group(0) @binding(1) var<storage, read> a: array<${E}>;
@group(0) @binding(2) var<storage, read> b: array<${E}>;
@group(0) @binding(3) var<storage, read_write> c: array<f32>;
//: else
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<${E}>;
@group(0) @binding(3) var<storage, read_write> c: array<${E}>;
//: end
//: if BIAS
@group(0) @binding(4) var<storage, read> bias: array<f32>;
//: end

// [depth][row] and [depth][column], one column of padding against bank conflicts
var<workgroup> tileA: array<${E}, 16 * 65>;
var<workgroup> tileB: array<${E}, 16 * 65>;

fn loadA(convGroup: u32, row: u32, k: u32) -> ${E} {
  if (row >= params.rows || k >= params.depth) { return 0.0; }
  //: if MODE == 0
  return ${E}(a[(convGroup * params.rows + row) * params.depth + k]);
  //: end
  //: if MODE == 1
  let taps = params.kernelY * params.kernelX;
  return ${E}(a[((convGroup * params.groupOut + k / taps) * params.groupIn + row) * taps + k % taps]);
  //: end
  //: if MODE == 2
  let plane = params.outHeight * params.outWidth;
  return a[(((k / plane) * params.groups + convGroup) * params.groupOut + row) * plane + k % plane];
  //: end
}

fn xAt(image: u32, channel: u32, tap: u32, pixel: u32) -> ${E} {
  let iy = (pixel / params.outWidth) * params.strideY + tap / params.kernelX - params.padY;
  let ix = (pixel % params.outWidth) * params.strideX + tap % params.kernelX - params.padX;
  if (iy >= params.height || ix >= params.width) { return 0.0; }
  return b[((image * params.groups * params.groupIn + channel) * params.height + iy) * params.width + ix];
}

fn loadB(convGroup: u32, k: u32, column: u32) -> ${E} {
  if (column >= params.columns || k >= params.depth) { return 0.0; }
  let taps = params.kernelY * params.kernelX;
  //: if MODE == 0
  let plane = params.outHeight * params.outWidth;
  return xAt(column / plane, convGroup * params.groupIn + k / taps, k % taps, column % plane);
  //: end
  //: if MODE == 1
  let plane = params.height * params.width;
  let pixel = column % plane;
  let tap = k % taps;
  let fromY = pixel / params.width + params.padY - tap / params.kernelX;
  let fromX = pixel % params.width + params.padX - tap % params.kernelX;
  // Below zero the difference wraps round to a number far beyond the map.
  if (fromY >= params.outHeight * params.strideY || fromX >= params.outWidth * params.strideX ||
      fromY % params.strideY != 0u || fromX % params.strideX != 0u) { return 0.0; }
  let channel = ((column / plane) * params.groups + convGroup) * params.groupOut + k / taps;
  return b[(channel * params.outHeight + fromY / params.strideY) * params.outWidth + fromX / params.strideX];
  //: end
  //: if MODE == 2
  let plane = params.outHeight * params.outWidth;
  return xAt(k / plane, convGroup * params.groupIn + column / taps, column % taps, k % plane);
  //: end
}

@compute @workgroup_size(16, 16)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) thread: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let row0 = (group.y % params.rowTiles) * 64u;
  let column0 = (group.x + group.y / params.rowTiles * groups.x) * 64u;
  let convGroup = group.z % params.groups;
  let split = group.z / params.groups;
  let start = split * params.depthPerSplit;
  let end = min(start + params.depthPerSplit, params.depth);
  var sums: array<vec4f, 4>;
  for (var k0 = start; k0 < end; k0 += 16u) {
    for (var e = index; e < 1024u; e += 256u) {
      //: if MODE == 0 || MODE == 2
      // Neighbouring threads read neighbouring elements of a row of a.
      let ka = k0 + e % 16u;
      tileA[(e % 16u) * 65u + e / 16u] = select(${E}(0.0), loadA(convGroup, row0 + e / 16u, ka), ka < end);
      //: else
      let ka = k0 + e / 64u;
      tileA[(e / 64u) * 65u + e % 64u] = select(${E}(0.0), loadA(convGroup, row0 + e % 64u, ka), ka < end);
      //: end
      //: if MODE == 2
      let kb = k0 + e % 16u;
      tileB[(e % 16u) * 65u + e / 16u] = select(${E}(0.0), loadB(convGroup, kb, column0 + e / 16u), kb < end);
      //: else
      let kb = k0 + e / 64u;
      tileB[(e / 64u) * 65u + e % 64u] = select(${E}(0.0), loadB(convGroup, kb, column0 + e % 64u), kb < end);
      //: end
    }
    workgroupBarrier();
    for (var k = 0u; k < 16u; k++) {
      let at = k * 65u + thread.x;
      let columns = vec4f(vec4<${E}>(tileB[at], tileB[at + 16u], tileB[at + 32u], tileB[at + 48u]));
      for (var r = 0u; r < 4u; r++) {
        sums[r] += f32(tileA[k * 65u + thread.y + r * 16u]) * columns;
      }
    }
    workgroupBarrier();
  }
  for (var r = 0u; r < 4u; r++) {
    let row = row0 + thread.y + r * 16u;
    if (row >= params.rows) { continue; }
    for (var j = 0u; j < 4u; j++) {
      let column = column0 + thread.x + j * 16u;
      if (column >= params.columns) { continue; }
      var value = sums[r][j];
      //: if BIAS
      value += bias[convGroup * params.rows + row];
      //: end
      //: if MODE == 0
      let plane = params.outHeight * params.outWidth;
      c[(((column / plane) * params.groups + convGroup) * params.rows + row) * plane + column % plane] = ${E}(value);
      //: end
      //: if MODE == 1
      let plane = params.height * params.width;
      c[(((column / plane) * params.groups + convGroup) * params.rows + row) * plane + column % plane] = ${E}(value);
      //: end
      //: if MODE == 2
      c[((split * params.groups + convGroup) * params.rows + row) * params.columns + column] = value;
      //: end
    }
  }
}
