// dx[c, iy, ix] = sum over ky, kx of w[c, ky, kx] * dy[c, (iy + PY - ky) / S, (ix + PX - kx) / S] over the taps whose division
// is exact, for the planes c of all images and channels: the input gradient of a strided convolution with one input and one
// output channel a group. NCHW. dy, dx: E, f32 or f16; weights are float32, rounded to E; sums are float32.
// A thread sweeps TX columns down S * `steps` rows of dx, S rows a step, and keeps the rows of dy that the next step needs
// again. Neighbouring threads have neighbouring columns. Dispatch: one thread a tile, groups of 64.
// Template: E, KH, KW, S, PY, PX, TX (multiple of S), R0, R1, C0, C1 (rows and columns of dy read, relative to the step and to
// the tile's origin, both divided by S), EXACT (tiles cover dx and dy without a rest), FULL (EXACT and one tile across), VX, VY
// (elements of dx and dy moved at a time, 1 unless EXACT).
struct Params {
  tiles: u32,
  tilesX: u32,
  tilesY: u32,
  steps: u32,
  channels: u32,
  height: u32,
  width: u32,
  outHeight: u32,
  outWidth: u32,
}
//: if WIDE
//: include "wide"
//: end
//: include "moved" NAME = "X", FLOATS = "XF", FROM = "fromX", TO = "toX", VEC = VX
//: include "moved" NAME = "Y", FLOATS = "YF", FROM = "fromY", TO = "toY", VEC = VY
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<Y>;
@group(0) @binding(2) var<storage, read> w: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<X>;

alias Row = array<f32, ${C1-C0}>;

// The part of row oy of dy that a tile needs; zero outside.
fn loadRow(plane: u32, oy: u32, tileX: u32) -> Row {
  var row: Row;
  let rowIn = oy < params.outHeight;
  //: if EXACT
  let at = (plane * params.outHeight + oy) * (params.outWidth / ${VY}u) + tileX * ${TX/S/VY}u;
  //: for q in 0..TX/S/VY
  let m${q} = select(YF(), fromY(dy[at + ${q}u]), rowIn);
  //: end
  let leftIn = rowIn && tileX > 0u;
  let rightIn = rowIn && tileX + 1u < params.tilesX;
  //: else
  let ox = tileX * ${TX/S}u + ${C0+KW}u - ${KW}u;
  let at = (plane * params.outHeight + oy) * params.outWidth + ox;
  //: end
  //: for c in C0..C1
  //: if !EXACT
  row[${c-C0}] = select(0.0, fromY(dy[at + ${c-C0}u]), rowIn && ox + ${c-C0}u < params.outWidth);
  //: else
  //: if c >= 0 && c < TX/S
  row[${c-C0}] = m${c/VY}
  //: if VY > 1
    [${c%VY}]
  //: end
    ;
  //: else
  //: if !FULL
  row[${c-C0}] = select(0.0, fromY(dy[at + ${c/VY+KW}u - ${KW}u])
  //: if VY > 1
    [${(c+KW*VY)%VY}]
  //: end
    , (${c < 0} && leftIn) || (${c >= 0} && rightIn));
  //: end
  //: end
  //: end
  //: end
  return row;
}

//: include "grid" GROUP = "64u"
fn each(id: u32) {
  if (id >= params.tiles) { return; }
  let tileX = id % params.tilesX;
  let plane = id / (params.tilesX * params.tilesY);
  let first = ((id / params.tilesX) % params.tilesY) * params.steps;
  let end = min(first + params.steps, (params.height + ${S-1}u) / ${S}u);
  let channel = plane % params.channels;
  //: for k in 0..KH*KW
  let w${k} = f32(${E}(w[channel * ${KH*KW}u + ${k}u]));
  //: end
  //: for r in R0..R1-1
  var v${r-R0} = loadRow(plane, first + ${r+KH}u - ${KH}u, tileX);
  //: end
  for (var step = first; step < end; step++) {
    let v${R1-1-R0} = loadRow(plane, step + ${R1-1+KH}u - ${KH}u, tileX);
    //: for r in 0..S
    if (step * ${S}u + ${r}u < params.height) {
      let at = (plane * params.height + step * ${S}u + ${r}u) * (params.width / ${VX}u) + tileX * ${TX/VX}u;
      //: for c in 0..TX
      let s${c} = 0.0
      //: for ky in 0..KH
      //: if (r+PY+KH*S-ky) % S == 0
      //: for kx in 0..KW
      //: if (c+PX+KW*S-kx) % S == 0 && (!FULL || (c+PX-kx >= 0 && c+PX-kx < TX))
        + w${ky*KW+kx} * v${(r+PY-ky)/S-R0}[${(c+PX-kx)/S-C0}]
      //: end
      //: end
      //: end
      //: end
        ;
      //: end
      //: for q in 0..TX/VX
      //: if !EXACT
      if (tileX * ${TX}u + ${q}u < params.width)
      //: end
      {
        dx[at + ${q}u] = toX(XF(
        //: for l in 0..VX
          s${q*VX+l},
        //: end
        ));
      }
      //: end
    }
    //: end
    //: for r in R0..R1-1
    v${r-R0} = v${r-R0+1};
    //: end
  }
}
