// Weights in the order conv2d_lanes reads them: packed[b][chunk][i][part][e / 4][lane][e % 4] for blocks b of lanes * T output
// channels of a group, chunks of its input channels and parts of its taps; e = t * (taps of a part) + tap, the channel is
// t * lanes + lane of the block.
// Channels past the last of a group are zero. float32.
// w is read as w[group * strideGroup + o * strideOut + i * strideIn + tap], with the taps reversed when flip = 1 (input
// gradient); o and i are places in the group.
// Dispatch: x = one thread for four neighbouring elements of a (b, chunk), groups of 64; y = (b, chunk).
struct Params {
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
@group(0) @binding(2) var<storage, read_write> packed: array<Stored>;

//: include "vector" E = "f32", VEC = 4
//: include "quotient"
//: include "weight_element"
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) thread: vec3u, @builtin(workgroup_id) group: vec3u) {
  let four = thread.x;
  if (four * 4u >= params.blockStride) { return; }
  let block = quotient(group.y, params.chunks);
  let chunk = group.y - block * params.chunks;
  let convGroup = quotient(block, params.groupBlocks);
  let firstOut = (block - convGroup * params.groupBlocks) * params.channelTile;
  let taps = params.taps / params.parts;
  let elements = params.channelTile * taps;
  let row = quotient(four, params.lanes);
  let lane = four - row * params.lanes;
  let rows = (elements + 3u) / 4u;
  let step = quotient(row, rows);
  let firstElement = (row - step * rows) * 4u;
  let inBlock = quotient(step, params.parts);
  let firstTap = (step - inBlock * params.parts) * taps;
  let i = chunk * params.chunkIn + inBlock;
  var values: vec4f;
  for (var j = 0u; j < 4u; j++) {
    let e = firstElement + j;
    let t = quotient(e, taps);
    let o = (firstOut + t) * params.lanes + lane;
    let inside = inBlock < params.chunkIn && e < elements;
    values[j] = weightElement(convGroup, o, i, firstTap + e - t * taps, inside);
  }
  packed[group.y * (params.blockStride / 4u) + four] = stored(values);
}
