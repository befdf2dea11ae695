// dx[n, i, :, :] = sum over the o of i's group, ky, kx of w[o, i, ky, kx] * dy[n, o, (iy + P - ky) / S, (ix + P - kx) / S]
// over the taps whose division is exact: the input gradient of a strided convolution, for adapters where a
// load costs more than a multiply-add. float32, NCHW.
// One thread makes TY x TX elements (multiples of S) of T channels i of a group; the weights come packed
// (conv2d_pack.wgsl, roles of i and o swapped) through a uniform window of 64 KB.
// Dispatch: x = ceil(images * tiles / 64), y = blocks in the window.
// Template: KH, KW, S, PY, PX (padding), TY, TX, T (multiple of 4), R0, R1, C0, C1 (rows and columns of dy read, relative to
// the tile's origin divided by S), ACC (add to dx).
struct Params {
  images: u32,
  outChannels: u32, // of a group of dy, in this window
  firstOut: u32, // the first of them, in its group
  groupOut: u32, // channels of a group
  allOut: u32,
  groupIn: u32,
  allIn: u32,
  firstBlock: u32,
  groupBlocks: u32, // blocks of T channels of a group
  blockStride: u32, // vec4s from one block to the next
  height: u32,
  width: u32,
  outHeight: u32,
  outWidth: u32,
  tilesY: u32,
  tilesX: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<uniform> w: array<vec4f, 4096>;
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;

//: include "quotient"

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) thread: vec3u, @builtin(workgroup_id) group: vec3u) {
  // Surplus threads repeat the last tile: a branch here would slow every uniform load below.
  let id = min(thread.x, params.images * params.tilesY * params.tilesX - 1u);
  let line = quotient(id, params.tilesX);
  let tileX = id - line * params.tilesX;
  let image = quotient(line, params.tilesY);
  let tileY = line - image * params.tilesY;
  let iy = tileY * ${TY}u;
  let ix = tileX * ${TX}u;
  let oy = i32(iy / ${S}u);
  let ox = i32(ix / ${S}u);
  //: for r in R0..R1
  let rowIn${r-R0} = u32(oy + ${r}) < params.outHeight;
  //: end
  //: for c in C0..C1
  let colIn${c-C0} = u32(ox + ${c}) < params.outWidth;
  //: end
  let rowStep = params.outWidth;
  let plane = params.outHeight * params.outWidth;
  let block = params.firstBlock + group.y;
  let convGroup = block / params.groupBlocks;
  var base = (image * params.allOut + convGroup * params.groupOut + params.firstOut) * plane +
    u32((oy + ${R0}) * i32(params.outWidth) + ox + ${C0});
  //: for t in 0..T
  //: for r in 0..TY
  //: for c in 0..TX
  var a${t}_${r}_${c} = 0.0;
  //: end
  //: end
  //: end
  var wi = group.y * params.blockStride;
  for (var o = 0u; o < params.outChannels; o++) {
    let at0 = base;
    //: for r in 0..R1-R0
    //: if r > 0
    let at${r} = at${r-1} + rowStep;
    //: end
    //: for c in 0..C1-C0
    let v${r}_${c} = select(0.0, dy[at${r} + ${c}u], rowIn${r} && colIn${c});
    //: end
    //: end
    //: for ky in 0..KH
    //: for kx in 0..KW
    //: for q in 0..T/4
    {
      let k = w[wi + ${(ky*KW+kx)*T/4+q}u];
      //: for r in 0..TY
      //: if (r+PY-ky) % S == 0
      //: for c in 0..TX
      //: if (c+PX-kx) % S == 0
      a${q*4}_${r}_${c} += k.x * v${(r+PY-ky)/S-R0}_${(c+PX-kx)/S-C0};
      a${q*4+1}_${r}_${c} += k.y * v${(r+PY-ky)/S-R0}_${(c+PX-kx)/S-C0};
      a${q*4+2}_${r}_${c} += k.z * v${(r+PY-ky)/S-R0}_${(c+PX-kx)/S-C0};
      a${q*4+3}_${r}_${c} += k.w * v${(r+PY-ky)/S-R0}_${(c+PX-kx)/S-C0};
      //: end
      //: end
      //: end
      //: end
    }
    //: end
    //: end
    //: end
    base += plane;
    wi += ${KH*KW*T/4}u;
  }
  let inPlane = params.height * params.width;
  let firstIn = (block % params.groupBlocks) * ${T}u;
  let at = (image * params.allIn + convGroup * params.groupIn + firstIn) * inPlane + iy * params.width + ix;
  //: if ACC
  // Surplus threads must not add twice.
  if (thread.x != id) { return; }
  //: end
  // Stored in loops: every store is code for each lane of a CPU, and unrolled they take longer to compile than all of the sums.
  var sums: array<f32, ${T*TY*TX}>;
  //: for t in 0..T
  //: for r in 0..TY
  //: for c in 0..TX
  sums[${(t*TY+r)*TX+c}] = a${t}_${r}_${c};
  //: end
  //: end
  //: end
  let channels = min(${T}u, params.groupIn - firstIn);
  let rows = min(${TY}u, params.height - iy);
  let columns = min(${TX}u, params.width - ix);
  for (var t = 0u; t < channels; t++) {
    for (var r = 0u; r < rows; r++) {
      let to = at + t * inPlane + r * params.width;
      for (var c = 0u; c < columns; c++) {
        //: if ACC
        dx[to + c] += sums[(t * ${TY}u + r) * ${TX}u + c];
        //: else
        dx[to + c] = sums[(t * ${TY}u + r) * ${TX}u + c];
        //: end
      }
    }
  }
}
