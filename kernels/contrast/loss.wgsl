// With P = scores[n, k] / Z, c = noise + 1e-7 and noise = K / rows of the memory, the loss of a sample is
// -log(P / (P + c)) for k = 0 less the sum of log(noise / (P + c)) over the others. Every score becomes the loss's slope
// by <memory row, v> / T: P / (P + c), less 1 for k = 0, times `slope`.
// scores: float32 [samples, picks]; constants: float32, Z at `slot`; loss: float32 [samples].
// Dispatch: one group for ROWS samples, LANES threads a sample. Template: LANES, ROWS.
struct Params { samples: u32, picks: u32, slot: u32, noise: f32, slope: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> constants: array<f32>;
@group(0) @binding(2) var<storage, read_write> scores: array<f32>;
@group(0) @binding(3) var<storage, read_write> loss: array<f32>;

alias Lane = f32;
//: include "lanes"
//: include "join_lanes" NAME = "lanesSum", JOIN = "a + b"

//: include "rows"
fn eachRow(n: u32, lane: u32, thread: u32) {
  let scale = 1.0 / constants[params.slot];
  let c = params.noise + 1e-7;
  var total = 0.0;
  if (n < params.samples) {
    for (var k = lane; k < params.picks; k += ${LANES}u) {
      let at = n * params.picks + k;
      let p = scores[at] * scale;
      let share = p / (p + c);
      if (k == 0u) {
        total -= log(share);
        // c / (p + c), which 1 - share would round away.
        scores[at] = -c / (p + c) * params.slope;
      } else {
        total -= log(params.noise / (p + c));
        scores[at] = share * params.slope;
      }
    }
  }
  total = lanesSum(total, thread);
  if (lane == 0u && n < params.samples) { loss[n] = total; }
}
