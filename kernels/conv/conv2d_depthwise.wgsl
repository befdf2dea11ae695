// y[c, oy, ox] = sum over ky, kx of w[c, ky, kx] * x[c, oy * S - padY + ky, ox * S - PX + kx], for the planes c of
// all images and channels: a convolution with one input and one output channel a group. NCHW.
// Then, as `epilogue` says, + bias, + residual, ReLU.
// x, y, residual: E, f32 or f16; weights are float32, rounded to E; sums are float32.
// flip = 1 turns the weights: the input gradient of stride 1, with dy as x.
// A thread sweeps TX columns down `rows` rows of y and keeps the rows of x that the next row of y needs again.
// Neighbouring threads have neighbouring columns. Dispatch: one thread a tile, groups of 64.
// Template: E, KH, KW, S, PX, TX, EXACT (tiles cover x and y without a rest), FULL (EXACT and one tile across), VX, VY
// (elements of x and y moved at a time, 1 unless EXACT), ENDS (0: no epilogue, which costs a CPU a few percent).
struct Params {
  tiles: u32,
  tilesX: u32,
  tilesY: u32,
  rows: u32,
  channels: u32,
  height: u32,
  width: u32,
  outHeight: u32,
  outWidth: u32,
  padY: u32,
  flip: u32,
  epilogue: u32, // 1 for bias, 2 for residual, 4 for ReLU, added; what is not read may be any buffer
}
//: if WIDE
//: include "wide"
//: end
//: include "moved" NAME = "Y", FLOATS = "YF", FROM = "fromY", TO = "toY", VEC = VY
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<X>;
@group(0) @binding(2) var<storage, read> w: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<Y>;
//: if ENDS
@group(0) @binding(4) var<storage, read> bias: array<f32>;
@group(0) @binding(5) var<storage, read> residual: array<Y>;

//: if VY > 1
alias SumBits = vec${VY}i;
//: else
alias SumBits = i32;
//: end
//: include "rectified" T = "YF", I = "SumBits"
//: end

//: include "depthwise_row"

//: include "grid" GROUP = "64u"
fn each(id: u32) {
  if (id >= params.tiles) { return; }
  let tileX = id % params.tilesX;
  let oy = ((id / params.tilesX) % params.tilesY) * params.rows;
  let plane = id / (params.tilesX * params.tilesY);
  let end = min(oy + params.rows, params.outHeight);
  let channel = plane % params.channels;
  //: for k in 0..KH*KW
  let w${k} = f32(${E}(w[channel * ${KH*KW}u + select(${k}u, ${KH*KW-1-k}u, params.flip == 1u)]));
  //: end
  //: if ENDS
  var b = 0.0;
  if ((params.epilogue & 1u) != 0u) { b = bias[channel]; }
  let added = (params.epilogue & 2u) != 0u;
  let rectifies = (params.epilogue & 4u) != 0u;
  //: end
  var iy = oy * ${S}u - params.padY;
  //: for r in 0..KH-S
  var v${r} = loadRow(plane, iy + ${r}u, tileX);
  //: end
  for (var row = oy; row < end; row++) {
    //: for r in (KH>S?KH-S:0)..KH
    let v${r} = loadRow(plane, iy + ${r}u, tileX);
    //: end
    let at = (plane * params.outHeight + row) * (params.outWidth / ${VY}u) + tileX * ${TX/VY}u;
    //: for c in 0..TX
    var s${c} = 0.0
    //: for ky in 0..KH
    //: for kx in 0..KW
    //: if !FULL || (c*S+kx >= PX && c*S+kx < PX+TX*S)
      + w${ky*KW+kx} * v${ky}[${c*S+kx}]
    //: end
    //: end
    //: end
      ;
    //: if ENDS
    s${c} += b;
    //: end
    //: end
    //: for q in 0..TX/VY
    //: if !EXACT
    if (tileX * ${TX}u + ${q}u < params.outWidth)
    //: end
    {
      var sum = YF(
        //: for l in 0..VY
        s${q*VY+l},
        //: end
      );
      //: if ENDS
      if (added) { sum += fromY(residual[at + ${q}u]); }
      if (rectifies) { sum = rectified(sum); }
      //: end
      y[at + ${q}u] = toY(sum);
    }
    //: end
    //: for r in 0..KH-S
    v${r} = v${r+S};
    //: end
    iy += ${S}u;
  }
}
