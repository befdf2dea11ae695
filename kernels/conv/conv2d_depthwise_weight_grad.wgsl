// partial[s, c, ky, kx] = sum over the strips of split s of dy[n, c, oy, ox] * x[n, c, oy * S - padY + ky, ox * S - PX + kx]:
// the weight gradient of a convolution with one input and one output channel a group; sum_partials adds the splits in
// fixed order. NCHW. x, dy: E, f32 or f16; sums and partials are float32.
// A strip is TX columns by `rows` rows of one image's plane; a thread owns a channel and sweeps down its strips, split *
// strips and on, keeping the rows of x that the next row of dy needs again. Neighbouring threads have neighbouring strips.
// Dispatch: one thread a channel and split, groups of 64.
// Template: E, KH, KW, S, PX, TX, EXACT (tiles cover x and dy without a rest), FULL (EXACT and one tile across), VX, VY
// (elements of x and dy read at a time, 1 unless EXACT).
struct Params {
  threads: u32,
  splits: u32,
  strips: u32, // of a split
  allStrips: u32,
  tilesX: u32,
  tilesY: u32,
  rows: u32,
  channels: u32,
  height: u32,
  width: u32,
  outHeight: u32,
  outWidth: u32,
  padY: u32,
}
//: if WIDE
//: include "wide"
//: end
//: include "moved" NAME = "Y", FLOATS = "YF", FROM = "fromY", TO = "toY", VEC = VY
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<X>;
@group(0) @binding(2) var<storage, read> dy: array<Y>;
@group(0) @binding(3) var<storage, read_write> partials: array<f32>;

//: include "depthwise_row"

//: include "grid" GROUP = "64u"
fn each(id: u32) {
  if (id >= params.threads) { return; }
  let split = id % params.splits;
  let channel = id / params.splits;
  //: for k in 0..KH*KW
  var a${k} = 0.0;
  //: end
  let lastStrip = min((split + 1u) * params.strips, params.allStrips);
  for (var strip = split * params.strips; strip < lastStrip; strip++) {
    let tileX = strip % params.tilesX;
    let oy = ((strip / params.tilesX) % params.tilesY) * params.rows;
    let plane = strip / (params.tilesX * params.tilesY) * params.channels + channel;
    let end = min(oy + params.rows, params.outHeight);
    var iy = oy * ${S}u - params.padY;
    //: for r in 0..KH-S
    var v${r} = loadRow(plane, iy + ${r}u, tileX);
    //: end
    for (var row = oy; row < end; row++) {
      //: for r in (KH>S?KH-S:0)..KH
      let v${r} = loadRow(plane, iy + ${r}u, tileX);
      //: end
      let at = (plane * params.outHeight + row) * (params.outWidth / ${VY}u) + tileX * ${TX/VY}u;
      //: for q in 0..TX/VY
      //: if EXACT
      let d${q} = fromY(dy[at + ${q}u]);
      //: else
      let d${q} = select(0.0, fromY(dy[at + ${q}u]), tileX * ${TX}u + ${q}u < params.outWidth);
      //: end
      //: end
      //: for ky in 0..KH
      //: for kx in 0..KW
      a${ky*KW+kx} +=
      //: for c in 0..TX
      //: if !FULL || (c*S+kx >= PX && c*S+kx < PX+TX*S)
      //: if VY > 1
        d${c/VY}[${c%VY}] * v${ky}[${c*S+kx}] +
      //: else
        d${c} * v${ky}[${c*S+kx}] +
      //: end
      //: end
      //: end
        0.0;
      //: end
      //: end
      //: for r in 0..KH-S
      v${r} = v${r+S};
      //: end
      iy += ${S}u;
    }
  }
  let at = (split * params.channels + channel) * ${KH*KW}u;
  //: for k in 0..KH*KW
  partials[at + ${k}u] = a${k};
  //: end
}
