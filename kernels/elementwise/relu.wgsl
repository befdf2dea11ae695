// y = max(x, 0), NaN where x is NaN
// x, y: E, f32 or f16; whole blocks of 1024. One workgroup a block: 64 threads, four vec4 each.
@group(0) @binding(0) var<storage, read> x: array<vec4<${E}>>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4<${E}>>;

//: include "blocks" OUT = "y"
fn each(i: u32) {
  let value = x[i];
  // As integers, the floats from -0 to -Infinity are those up to -0x800000. NaN of either sign lies above and passes.
  let closed = bitcast<vec4i>(vec4f(value)) <= vec4i(-0x800000);
  y[i] = select(value, vec4<${E}>(0.0), closed);
}
