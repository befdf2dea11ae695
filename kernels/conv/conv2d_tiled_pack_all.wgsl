// conv2d_tiled_pack.wgsl for many weights at once: w and packed hold all of them. A workgroup packs 256 elements of one.
// table: for each weight 16 words, in the order of their groups: its first group, elements, first element in packed and in w,
// then tile, taps, chunk, chunks, rowTiles, rows, channels, strideGroup, strideRow, strideChannel as there.
// Dispatch: the groups of all weights, counted along x and then y; surplus ones do nothing. Template: E.
struct Params { weights: u32, groups: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> table: array<u32>;
@group(0) @binding(2) var<storage, read> w: array<f32>;
@group(0) @binding(3) var<storage, read_write> packed: array<${E}>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let own = group.x + group.y * groups.x;
  if (own >= params.groups) { return; }
  // The last weight whose first group is not behind this one.
  var low = 0u;
  var high = params.weights;
  while (high - low > 1u) {
    let middle = (low + high) / 2u;
    if (table[middle * 16u] <= own) { low = middle; } else { high = middle; }
  }
  let at = low * 16u;
  let total = table[at + 1u];
  let begin = table[at + 2u];
  let first = table[at + 3u];
  let tile = table[at + 4u];
  let taps = table[at + 5u];
  let chunk = table[at + 6u];
  let chunks = table[at + 7u];
  let rowTiles = table[at + 8u];
  let rows = table[at + 9u];
  let channels = table[at + 10u];
  //: for i in 0..4
  {
    let index = (own - table[at]) * 256u + ${i * 64}u + thread;
    if (index < total) {
      let place = index / tile;
      let tap = place / chunk % taps;
      let block = place / chunk / taps;
      let channel = block % chunks * chunk + place % chunk;
      let row = block / chunks % rowTiles * tile + index % tile;
      let convGroup = block / chunks / rowTiles;
      let source = first + convGroup * table[at + 11u] + row * table[at + 12u] + channel * table[at + 13u] + tap;
      let inside = row < rows && channel < channels;
      packed[begin + index] = ${E}(select(0.0, w[select(0u, source, inside)], inside));
    }
  }
  //: end
}
