// y[n, o, :, :] (+)= sum over i, ky, kx of w[o, i, ky, kx] * x[n, g(o) + i, oy * S - P + ky, ox * S - P + kx]
// where g(o) is the first input channel of o's group; then, as `epilogue` says, + bias[o], + residual, ReLU.
// Direct convolution for adapters where a load costs more than a multiply-add. float32, NCHW.
// One thread makes TY x TX outputs of T output channels of a group; weights come packed (conv2d_pack.wgsl) through
// a uniform window of 64 KB that holds whole blocks of T channels.
// Dispatch: x = ceil(images * tiles / 64), y = blocks in the window.
// Template: KH, KW, S (stride), TY, TX, T (multiple of 4), V4 (rows read as vec4: S = 1, TX = 4, KW = 3, padding 1, width a
// multiple of 4), ACC (add to y).
struct Params {
  images: u32,
  inChannels: u32, // of a group, in this window
  firstIn: u32, // the first of them, in its group
  groupIn: u32, // channels of a group
  allIn: u32,
  groupOut: u32,
  allOut: u32,
  firstBlock: u32,
  groupBlocks: u32, // blocks of T channels of a group
  blockStride: u32, // vec4s from one block to the next
  padY: u32,
  padX: u32,
  height: u32,
  width: u32,
  outHeight: u32,
  outWidth: u32,
  tilesY: u32,
  tilesX: u32,
  epilogue: u32, // 1 for bias, 2 for residual, 4 for ReLU, added; what is not read may be any buffer
}
@group(0) @binding(0) var<uniform> params: Params;
//: if V4
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
//: else
@group(0) @binding(1) var<storage, read> x: array<f32>;
//: end
@group(0) @binding(2) var<uniform> w: array<vec4f, 4096>;
//: if V4
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;
//: else
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
//: end
@group(0) @binding(4) var<storage, read> bias: array<f32>;
//: if V4
@group(0) @binding(5) var<storage, read> residual: array<vec4f>;
//: include "rectified" T = "vec4f", I = "vec4i"
//: else
@group(0) @binding(5) var<storage, read> residual: array<f32>;
//: include "rectified" T = "f32", I = "i32"
//: end

//: include "quotient"

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) thread: vec3u, @builtin(workgroup_id) group: vec3u) {
  // Surplus threads repeat the last tile: a branch here would slow every uniform load below.
  let id = min(thread.x, params.images * params.tilesY * params.tilesX - 1u);
  let line = quotient(id, params.tilesX);
  let tileX = id - line * params.tilesX;
  let image = quotient(line, params.tilesY);
  let tileY = line - image * params.tilesY;
  let oy = tileY * ${TY}u;
  let ox = tileX * ${TX}u;
  let block = params.firstBlock + group.y;
  let convGroup = block / params.groupBlocks;
  let plane = params.height * params.width;
  let channel = image * params.allIn + convGroup * params.groupIn + params.firstIn;
  let iy = oy * ${S}u - params.padY;
  let ix = ox * ${S}u - params.padX;
  //: for r in 0..(TY-1)*S+KH
  let rowIn${r} = iy + ${r}u < params.height;
  //: end
  //: if V4
  let leftIn = tileX > 0u;
  let rightIn = tileX + 1u < params.tilesX;
  let planeStep = plane / 4u;
  let rowStep = params.width / 4u;
  var base = channel * planeStep + iy * rowStep + tileX;
  //: else
  //: for c in 0..(TX-1)*S+KW
  let colIn${c} = ix + ${c}u < params.width;
  //: end
  let planeStep = plane;
  let rowStep = params.width;
  var base = channel * plane + iy * params.width + ix;
  //: end
  //: for t in 0..T
  //: for r in 0..TY
  //: for c in 0..TX
  var a${t}_${r}_${c} = 0.0;
  //: end
  //: end
  //: end
  var wi = group.y * params.blockStride;
  for (var i = 0u; i < params.inChannels; i++) {
    let at0 = base;
    //: for r in 0..(TY-1)*S+KH
    //: if r > 0
    let at${r} = at${r-1} + rowStep;
    //: end
    //: if V4
    let m${r} = select(vec4f(0.0), x[at${r}], rowIn${r});
    let v${r}_0 = select(0.0, x[at${r} - 1u].w, rowIn${r} && leftIn);
    let v${r}_1 = m${r}.x;
    let v${r}_2 = m${r}.y;
    let v${r}_3 = m${r}.z;
    let v${r}_4 = m${r}.w;
    let v${r}_5 = select(0.0, x[at${r} + 1u].x, rowIn${r} && rightIn);
    //: else
    //: for c in 0..(TX-1)*S+KW
    let v${r}_${c} = select(0.0, x[at${r} + ${c}u], rowIn${r} && colIn${c});
    //: end
    //: end
    //: end
    //: for q in 0..T/4
    {
      //: for k in 0..KH*KW
      let k${k} = w[wi + ${k*T/4+q}u];
      //: end
      // All taps of a few sums at a time: in any other order the sums go through memory.
      //: for t in 0..4
      //: for r in 0..TY
      //: for ky in 0..KH
      //: for kx in 0..KW
      //: for c in 0..TX
      a${q*4+t}_${r}_${c} += k${ky*KW+kx}[${t}] * v${r*S+ky}_${c*S+kx};
      //: end
      //: end
      //: end
      //: end
      //: end
    }
    //: end
    base += planeStep;
    wi += ${KH*KW*T/4}u;
  }
  let outPlane = params.outHeight * params.outWidth;
  let firstOut = (block % params.groupBlocks) * ${T}u;
  let outChannel = image * params.allOut + convGroup * params.groupOut + firstOut;
  let at = outChannel * outPlane + oy * params.outWidth + ox;
  //: if ACC
  // Surplus threads must not add twice.
  if (thread.x != id) { return; }
  //: end
  let biased = (params.epilogue & 1u) != 0u;
  let added = (params.epilogue & 2u) != 0u;
  let rectifies = (params.epilogue & 4u) != 0u;
  // Stored in loops: every store is code for each lane of a CPU, and unrolled they take longer to compile than all of the sums.
  //: if V4
  var sums: array<vec4f, ${T*TY}>;
  //: for t in 0..T
  //: for r in 0..TY
  sums[${t*TY+r}] = vec4f(a${t}_${r}_0, a${t}_${r}_1, a${t}_${r}_2, a${t}_${r}_3);
  //: end
  //: end
  //: else
  var sums: array<f32, ${T*TY*TX}>;
  //: for t in 0..T
  //: for r in 0..TY
  //: for c in 0..TX
  sums[${(t*TY+r)*TX+c}] = a${t}_${r}_${c};
  //: end
  //: end
  //: end
  //: end
  let channels = min(${T}u, params.groupOut - firstOut);
  let rows = min(${TY}u, params.outHeight - oy);
  //: if !V4
  let width = min(${TX}u, params.outWidth - ox);
  //: end
  for (var t = 0u; t < channels; t++) {
    var b = 0.0;
    if (biased) { b = bias[convGroup * params.groupOut + firstOut + t]; }
    for (var r = 0u; r < rows; r++) {
      let start = at + t * outPlane + r * params.outWidth;
      //: if V4
      {
        let i = start / 4u;
        var sum = sums[t * ${TY}u + r] + b;
      //: else
      for (var c = 0u; c < width; c++) {
        let i = start + c;
        var sum = sums[(t * ${TY}u + r) * ${TX}u + c] + b;
      //: end
        //: if ACC
        sum += y[i];
        //: end
        if (added) { sum += residual[i]; }
        if (rectifies) { sum = rectified(sum); }
        y[i] = sum;
      }
    }
  }
}
