// Weights in the order conv2d_lanes reads them: packed[b][chunk][i][part][e / 4][lane][e % 4] for blocks b of lanes * T output
// channels of a group, chunks of its input channels and parts of its taps; e = t * (taps of a part) + tap, the channel is
// t * lanes + lane of the block.
// Channels past the last of a group are zero. float32.
// w is read as w[group * strideGroup + o * strideOut + i * strideIn + tap], with the taps reversed when flip = 1 (input
// gradient); o and i are places in the group.
// Dispatch: one thread an element, groups of 64.
struct Params {
  total: u32,
  lanes: u32,
  channelTile: u32, // T
  taps: u32,
  parts: u32, // in which the kernel takes the taps
  chunkIn: u32, // input channels in a chunk
  chunks: u32,
  blockStride: u32, // elements from one (b, chunk) to the next
  groupBlocks: u32, // blocks of a group
  groupIn: u32,
  groupOut: u32,
  strideGroup: u32,
  strideOut: u32,
  strideIn: u32,
  flip: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read_write> packed: array<f32>;

//: include "grid" GROUP = "64u"
//: include "weight_element"
fn each(index: u32) {
  if (index >= params.total) { return; }
  let block = index / params.blockStride;
  let within = index % params.blockStride;
  let taps = params.taps / params.parts;
  let perLane = (params.channelTile * taps + 3u) / 4u * 4u;
  let step = within / (perLane * params.lanes);
  let inBlock = step / params.parts;
  let i = (block % params.chunks) * params.chunkIn + inBlock;
  let e = within / (4u * params.lanes) % (perLane / 4u) * 4u + within % 4u;
  let lane = within / 4u % params.lanes;
  let convGroup = block / params.chunks / params.groupBlocks;
  let o = ((block / params.chunks) % params.groupBlocks * params.channelTile + e / taps) * params.lanes + lane;
  let inside = inBlock < params.chunkIn && e < params.channelTile * taps;
  packed[index] = weightElement(convGroup, o, i, step % params.parts * taps + e % taps, inside);
}
