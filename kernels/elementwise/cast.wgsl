// y = x in another type, rounded to the nearest
// x: FROM, y: TO; each f32 or f16. Whole blocks of 1024: one workgroup a block, 64 threads, four vec4 each.
@group(0) @binding(0) var<storage, read> x: array<vec4<${FROM}>>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4<${TO}>>;

//: include "blocks" OUT = "y"
fn each(i: u32) {
  y[i] = vec4<${TO}>(x[i]);
}
