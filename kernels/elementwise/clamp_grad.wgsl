// dx = dy where low <= x <= high, else 0, also where x is NaN
// x, dy, dx: float32. Whole blocks of 1024: one workgroup a block, 64 threads, four vec4 each.
struct Params { low: f32, high: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> dy: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> dx: array<vec4f>;

//: include "blocks" OUT = "dx"
fn each(i: u32) {
  let number = (bitcast<vec4u>(x[i]) & vec4u(0x7fffffffu)) <= vec4u(0x7f800000u);
  let inside = (x[i] >= vec4f(params.low)) & (x[i] <= vec4f(params.high)) & number;
  dx[i] = select(vec4f(0.0), dy[i], inside);
}
