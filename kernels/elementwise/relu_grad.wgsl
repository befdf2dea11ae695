// dx = 0 where y = 0, else dy: y is not negative, and NaN passes the gradient
// y, dy, dx: E, f32 or f16; whole blocks of 1024. One workgroup a block: 64 threads, four vec4 each.
@group(0) @binding(0) var<storage, read> y: array<vec4<${E}>>;
@group(0) @binding(1) var<storage, read> dy: array<vec4<${E}>>;
@group(0) @binding(2) var<storage, read_write> dx: array<vec4<${E}>>;

//: include "blocks" OUT = "y"
fn each(i: u32) {
  dx[i] = select(vec4<${E}>(0.0), dy[i], bitcast<vec4u>(vec4f(y[i])) != vec4u(0u));
}
