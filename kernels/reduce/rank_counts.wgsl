// y[j] = how many of rank[0 .. rows] are below k[j]. rank: uint32 [rows], y: float32.
// Dispatch: a workgroup of 64 threads for each of up to four k.
struct Params { rows: u32, k0: u32, k1: u32, k2: u32, k3: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> rank: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

alias Lane = u32;
//: include "lanes" LANES = 64, ROWS = 1
//: include "join_lanes" NAME = "lanesSum", JOIN = "a + b", LANES = 64, ROWS = 1

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let ks = vec4u(params.k0, params.k1, params.k2, params.k3);
  let k = ks[group.x];
  var count = 0u;
  for (var n = thread; n < params.rows; n += 64u) {
    count += select(0u, 1u, rank[n] < k);
  }
  let total = lanesSum(count, thread);
  if (thread == 0u) { y[group.x] = f32(total); }
}
