// dx = 0 where y is 0 or 6, else dy: NaN passes the gradient
// y, dy, dx: E, f32 or f16. Whole blocks of 1024: one workgroup a block, 64 threads, four vec4 each.
@group(0) @binding(0) var<storage, read> y: array<vec4<${E}>>;
@group(0) @binding(1) var<storage, read> dy: array<vec4<${E}>>;
@group(0) @binding(2) var<storage, read_write> dx: array<vec4<${E}>>;

//: include "blocks" OUT = "dx"
fn each(i: u32) {
  let bits = bitcast<vec4u>(vec4f(y[i])) & vec4u(0x7fffffffu);
  let closed = (bits == vec4u(0u)) | (bits == bitcast<vec4u>(vec4f(6.0)));
  dx[i] = select(dy[i], vec4<${E}>(0.0), closed);
}
