// y = min(max(x, 0), 6), NaN where x is NaN
// x, y: E, f32 or f16. Whole blocks of 1024: one workgroup a block, 64 threads, four vec4 each.
@group(0) @binding(0) var<storage, read> x: array<vec4<${E}>>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4<${E}>>;

//: include "blocks" OUT = "y"
fn each(i: u32) {
  let value = x[i];
  // Compilers may assume that there is no NaN, so the bits are looked at.
  let nan = (bitcast<vec4u>(vec4f(value)) & vec4u(0x7fffffffu)) > vec4u(0x7f800000u);
  y[i] = select(min(max(value, vec4<${E}>(0.0)), vec4<${E}>(6.0)), value, nan);
}
