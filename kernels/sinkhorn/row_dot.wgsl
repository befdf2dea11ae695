// y[n] = sum over j of a[n, j] b[n, j]. a, b: float32 [rows][stride] vec4; y: float32 [samples].
// Dispatch: one group for ROWS samples, LANES threads a sample. Template: LANES, ROWS.
struct Params { samples: u32, stride: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

alias Lane = f32;
//: include "lanes"
//: include "join_lanes" NAME = "lanesSum", JOIN = "a + b"

//: include "rows"
fn eachRow(n: u32, lane: u32, thread: u32) {
  let row = min(n, params.samples - 1u) * params.stride;
  var sum = vec4f(0.0);
  for (var j = lane; j < params.stride; j += ${LANES}u) { sum += a[row + j] * b[row + j]; }
  let total = lanesSum((sum.x + sum.y) + (sum.z + sum.w), thread);
  if (lane == 0u && n < params.samples) { y[n] = total; }
}
