// totals[0] += 1; totals[2 + i] += values[i], the watched ones times `weight`; totals[1] = the step (totals[0]) at which one of the first `watched` values
// was infinite or not a number for the first time, 0 while none was. float32.
// Dispatch: one thread.
struct Params { count: u32, watched: u32, weight: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> values: array<f32>;
@group(0) @binding(2) var<storage, read_write> totals: array<f32>;

@compute @workgroup_size(1)
fn main() {
  let step = totals[0] + 1.0;
  totals[0] = step;
  var finite = true;
  for (var i = 0u; i < params.count; i++) {
    let value = values[i];
    totals[2u + i] += select(value, value * params.weight, i < params.watched);
    // Compilers may assume that there are no infinities, so the exponent bits are looked at.
    if (i < params.watched && (bitcast<u32>(value) & 0x7f800000u) == 0x7f800000u) { finite = false; }
  }
  if (!finite && totals[1] == 0.0) { totals[1] = step; }
}
