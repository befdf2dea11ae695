// Weights in the order conv2d_tiled reads them: packed[b][chunk][tap][i][t], t fastest, for blocks b of BM rows of a group and
// chunks of its summed channels; rows and channels past the last of a group are zero.
// w is float32 and read as w[group * strideGroup + row * strideRow + channel * strideChannel + tap]; row and channel are
// places in the group. packed: E, f32 or f16.
// Dispatch: one thread an element, groups of 64. Template: E.
struct Params {
  total: u32,
  tile: u32, // BM
  taps: u32,
  chunk: u32, // channels of a chunk
  chunks: u32,
  rowTiles: u32, // blocks of a group
  rows: u32, // of a group
  channels: u32, // of a group
  strideGroup: u32,
  strideRow: u32,
  strideChannel: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read_write> packed: array<${E}>;

//: include "grid" GROUP = "64u"
fn each(index: u32) {
  if (index >= params.total) { return; }
  let place = index / params.tile;
  let tap = place / params.chunk % params.taps;
  let block = place / params.chunk / params.taps;
  let channel = block % params.chunks * params.chunk + place % params.chunk;
  let row = block / params.chunks % params.rowTiles * params.tile + index % params.tile;
  let convGroup = block / params.chunks / params.rowTiles;
  let source = convGroup * params.strideGroup + row * params.strideRow + channel * params.strideChannel + tap;
  let inside = row < params.rows && channel < params.channels;
  packed[index] = ${E}(select(0.0, w[select(0u, source, inside)], inside));
}
