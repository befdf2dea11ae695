// own[c] = whole[c] = sum over the splits of sums[split, c]: whole is then added up over processes. float32.
// Dispatch: one thread a channel, groups of 64.
struct Params { channels: u32, splits: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> sums: array<vec2f>;
@group(0) @binding(2) var<storage, read_write> own: array<vec2f>;
@group(0) @binding(3) var<storage, read_write> whole: array<vec2f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) thread: vec3u) {
  let channel = thread.x;
  if (channel >= params.channels) { return; }
  var sum = vec2f();
  for (var s = 0u; s < params.splits; s++) { sum += sums[s * params.channels + channel]; }
  own[channel] = sum;
  whole[channel] = sum;
}
