// totals[0] += 1; totals[2 + i] += term i, TERMS of them, times `weight`; totals[2 + TERMS + j] += how many of rank[0 .. rows]
// are below k[j], times `counts`; totals[1] = the step (totals[0]) at which a term was infinite or not a number for the first
// time, 0 while none was. rank: uint32 [rows]; the rest float32, terms of one element.
// Dispatch: one group. Template: TERMS.
struct Params { rows: u32, k0: u32, k1: u32, weight: f32, counts: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> rank: array<u32>;
@group(0) @binding(2) var<storage, read_write> totals: array<f32>;
//: for i in 0..TERMS
@group(0) @binding(${3 + i}) var<storage, read> term${i}: array<f32>;
//: end

alias Lane = vec2u;
//: include "lanes" LANES = 64, ROWS = 1
//: include "join_lanes" NAME = "lanesSum", JOIN = "a + b", LANES = 64, ROWS = 1

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) thread: u32) {
  var hits = vec2u();
  for (var n = thread; n < params.rows; n += 64u) {
    hits += select(vec2u(), vec2u(1u), vec2u(rank[n]) < vec2u(params.k0, params.k1));
  }
  hits = lanesSum(hits, thread);
  if (thread > 0u) { return; }
  let step = totals[0] + 1.0;
  totals[0] = step;
  var finite = true;
  //: for i in 0..TERMS
  let value${i} = term${i}[0];
  totals[${2 + i}] += value${i} * params.weight;
  // Compilers may assume that there are no infinities, so the exponent bits are looked at.
  if ((bitcast<u32>(value${i}) & 0x7f800000u) == 0x7f800000u) { finite = false; }
  //: end
  totals[${2 + TERMS}] += f32(hits.x) * params.counts;
  totals[${3 + TERMS}] += f32(hits.y) * params.counts;
  if (!finite && totals[1] == 0.0) { totals[1] = step; }
}
