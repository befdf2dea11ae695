// Any convolution: stride, padding, dilation, groups. NCHW. One output element a thread.
// x, y: E, f32 or f16; weights are float32, rounded to E when they are multiplied; sums are float32.
// MODE 0: y[n, o, oy, ox]   = sum over i, ky, kx of w[o, i, ky, kx] * x[n, g(o) + i, iy, ix]
// MODE 1: x[n, c, iy, ix]   = sum over o, ky, kx of w[o, i(c), ky, kx] * y[n, o, oy, ox]
// MODE 2: w[s, o, i, ky, kx] = sum over the images n of split s and oy, ox of y[n, o, oy, ox] * x[n, g(o) + i, iy, ix]
// MODE 0 ends with + residual and ReLU as `epilogue` says. Here iy = oy * strideY - padY + ky * dilationY, likewise ix; g(o) is the first input channel of o's group.
// Dispatch: one thread an element of the result, groups of 64. Template: E, MODE.
struct Params {
  total: u32,
  images: u32,
  inChannels: u32,
  outChannels: u32,
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
  dilationY: u32,
  dilationX: u32,
  groups: u32,
  splits: u32,
  epilogue: u32, // 1 for bias, 2 for residual, 4 for ReLU, added; what is not read may be any buffer
}
@group(0) @binding(0) var<uniform> params: Params;
//: if MODE == 0
@group(0) @binding(1) var<storage, read> x: array<${E}>;
@group(0) @binding(2) var<storage, read> w: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<${E}>;
//: end
//: if MODE == 1
@group(0) @binding(1) var<storage, read_write> x: array<${E}>;
@group(0) @binding(2) var<storage, read> w: array<f32>;
@group(0) @binding(3) var<storage, read> y: array<${E}>;
//: end
//: if MODE == 2
@group(0) @binding(1) var<storage, read> x: array<${E}>;
@group(0) @binding(2) var<storage, read_write> w: array<f32>;
@group(0) @binding(3) var<storage, read> y: array<${E}>;
//: end
//: if MODE < 2
@group(0) @binding(4) var<storage, read> bias: array<f32>;
//: end
//: if MODE == 0
@group(0) @binding(5) var<storage, read> residual: array<${E}>;

//: include "rectified" T = "f32", I = "i32"
//: end

//: include "grid" GROUP = "64u"
fn each(index: u32) {
  if (index >= params.total) { return; }
  let inPerGroup = params.inChannels / params.groups;
  let outPerGroup = params.outChannels / params.groups;
  let taps = params.kernelY * params.kernelX;
  var sum = 0.0;
  //: if MODE == 0
  let ox = index % params.outWidth;
  let oy = (index / params.outWidth) % params.outHeight;
  let o = (index / (params.outWidth * params.outHeight)) % params.outChannels;
  let n = index / (params.outWidth * params.outHeight * params.outChannels);
  let firstIn = (o / outPerGroup) * inPerGroup;
  for (var i = 0u; i < inPerGroup; i++) {
    let plane = (n * params.inChannels + firstIn + i) * params.height;
    for (var ky = 0u; ky < params.kernelY; ky++) {
      let iy = oy * params.strideY + ky * params.dilationY - params.padY;
      if (iy >= params.height) { continue; }
      for (var kx = 0u; kx < params.kernelX; kx++) {
        let ix = ox * params.strideX + kx * params.dilationX - params.padX;
        if (ix >= params.width) { continue; }
        sum += f32(${E}(w[(o * inPerGroup + i) * taps + ky * params.kernelX + kx])) *
          f32(x[(plane + iy) * params.width + ix]);
      }
    }
  }
  if ((params.epilogue & 1u) != 0u) { sum += bias[o]; }
  if ((params.epilogue & 2u) != 0u) { sum += f32(residual[index]); }
  if ((params.epilogue & 4u) != 0u) { sum = rectified(sum); }
  y[index] = ${E}(sum);
  //: end
  //: if MODE == 1
  let ix = index % params.width;
  let iy = (index / params.width) % params.height;
  let c = (index / (params.width * params.height)) % params.inChannels;
  let n = index / (params.width * params.height * params.inChannels);
  let i = c % inPerGroup;
  let firstOut = (c / inPerGroup) * outPerGroup;
  for (var ky = 0u; ky < params.kernelY; ky++) {
    let fromY = iy + params.padY - ky * params.dilationY;
    if (fromY % params.strideY != 0u || fromY / params.strideY >= params.outHeight) { continue; }
    if (iy + params.padY < ky * params.dilationY) { continue; }
    for (var kx = 0u; kx < params.kernelX; kx++) {
      let fromX = ix + params.padX - kx * params.dilationX;
      if (fromX % params.strideX != 0u || fromX / params.strideX >= params.outWidth) { continue; }
      if (ix + params.padX < kx * params.dilationX) { continue; }
      for (var k = 0u; k < outPerGroup; k++) {
        let o = firstOut + k;
        let at = ((n * params.outChannels + o) * params.outHeight + fromY / params.strideY) * params.outWidth;
        sum += f32(${E}(w[(o * inPerGroup + i) * taps + ky * params.kernelX + kx])) *
          f32(y[at + fromX / params.strideX]);
      }
    }
  }
  if ((params.epilogue & 1u) != 0u) { sum += bias[c]; }
  x[index] = ${E}(sum);
  //: end
  //: if MODE == 2
  let kx = index % params.kernelX;
  let ky = (index / params.kernelX) % params.kernelY;
  let i = (index / taps) % inPerGroup;
  let o = (index / (taps * inPerGroup)) % params.outChannels;
  let split = index / (taps * inPerGroup * params.outChannels);
  let c = (o / outPerGroup) * inPerGroup + i;
  for (var n = split; n < params.images; n += params.splits) {
    let plane = (n * params.inChannels + c) * params.height;
    let outPlane = (n * params.outChannels + o) * params.outHeight;
    for (var oy = 0u; oy < params.outHeight; oy++) {
      let iy = oy * params.strideY + ky * params.dilationY - params.padY;
      if (iy >= params.height) { continue; }
      for (var ox = 0u; ox < params.outWidth; ox++) {
        let ix = ox * params.strideX + kx * params.dilationX - params.padX;
        if (ix >= params.width) { continue; }
        sum += f32(y[(outPlane + oy) * params.outWidth + ox]) * f32(x[(plane + iy) * params.width + ix]);
      }
    }
  }
  w[index] = sum;
  //: end
}
