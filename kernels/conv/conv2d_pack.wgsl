// Weights in the order conv2d_direct reads them: packed[b][chunk][i][tap][t], t fastest, for blocks b of T output channels
// of a group and chunks of its input channels; channels past the last of a group are zero. float32.
// w is read as w[group * strideGroup + o * strideOut + i * strideIn + tap], with the taps reversed when flip = 1 (input
// gradient); o and i are places in the group.
// Dispatch: x = one thread an element of a (b, chunk), groups of 64; y = (b, chunk).
struct Params {
  tile: u32, // T
  taps: u32,
  chunkIn: u32, // input channels in a chunk
  chunks: u32,
  blockStride: u32, // elements from one (b, chunk) to the next
  groupBlocks: u32, // blocks of T channels of a group
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

//: include "weight_element"
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) thread: vec3u, @builtin(workgroup_id) group: vec3u) {
  let within = thread.x;
  if (within >= params.blockStride) { return; }
  let block = group.y / params.chunks;
  let t = within % params.tile;
  let tap = (within / params.tile) % params.taps;
  let i = group.y % params.chunks * params.chunkIn + within / (params.tile * params.taps);
  let convGroup = block / params.groupBlocks;
  let o = block % params.groupBlocks * params.tile + t;
  let inside = within < params.chunkIn * params.taps * params.tile;
  packed[group.y * params.blockStride + within] = weightElement(convGroup, o, i, tap, inside);
}
