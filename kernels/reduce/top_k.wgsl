// y[o, j, i] = the r of the j-th largest x[o, r, i], of equals the first; LARGEST 0: of the j-th smallest.
// NaN is larger than every number. x: float32 [outer, count, inner]; y: int32 [outer, k, inner].
// Dispatch: one thread a row (o, i), groups of 64. Template: LARGEST.
struct Params { outer: u32, count: u32, inner: u32, k: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<i32>;

// Numbers in their order as integers in theirs; both zeros are one, and all NaN the largest.
fn key(bits: u32) -> u32 {
  let magnitude = bits & 0x7fffffffu;
  var ordered = select(magnitude + 0x80000000u, 0x80000000u - magnitude, bits > 0x80000000u);
  ordered = select(ordered, 0xffffffffu, magnitude > 0x7f800000u);
  //: if LARGEST
  return ordered;
  //: else
  return ~ordered;
  //: end
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let thread = (group.x + group.y * groups.x) * 64u + lane;
  if (thread >= params.outer * params.inner) { return; }
  let column = thread % params.inner;
  let outer = thread / params.inner;
  let first = outer * params.count * params.inner + column;
  // What was taken last: the next is below it, or equal and behind it.
  var lastKey = 0xffffffffu;
  var lastAt = -1;
  for (var j = 0u; j < params.k; j++) {
    var bestKey = 0u;
    var best = -1;
    for (var r = 0; r < i32(params.count); r++) {
      let own = key(x[first + u32(r) * params.inner]);
      let left = own < lastKey || (own == lastKey && r > lastAt);
      if (left && (best < 0 || own > bestKey)) {
        bestKey = own;
        best = r;
      }
    }
    y[(outer * params.k + j) * params.inner + column] = best;
    lastKey = bestKey;
    lastAt = best;
  }
}
