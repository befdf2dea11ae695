// y = min(max(x, low), high), NaN where x is NaN
// x, y: float32. Whole blocks of 1024: one workgroup a block, 64 threads, four vec4 each.
struct Params { low: f32, high: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;

//: include "blocks" OUT = "y"
fn each(i: u32) {
  let value = x[i];
  // Compilers may assume that there is no NaN, so the bits are looked at.
  let nan = (bitcast<vec4u>(value) & vec4u(0x7fffffffu)) > vec4u(0x7f800000u);
  y[i] = select(min(max(value, vec4f(params.low)), vec4f(params.high)), value, nan);
}
