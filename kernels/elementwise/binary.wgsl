// y = a OP b: an operator, or a function of two arguments when CALL
// a, b, y: E, f32 or f16, of one shape, or b a number when NUMBER. Whole blocks of 1024: one workgroup a block, 64 threads, four vec4 each.
//: if NUMBER
struct Params { number: f32 }
@group(0) @binding(0) var<uniform> params: Params;
//: else
@group(0) @binding(0) var<storage, read> b: array<vec4<${E}>>;
//: end
@group(0) @binding(1) var<storage, read> a: array<vec4<${E}>>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4<${E}>>;

// The larger magnitude of both as bits: above 0x7f800000 when one is NaN, whatever compilers assume of floats.
fn magnitude(a: vec4f, b: vec4f) -> vec4u {
  return max(bitcast<vec4u>(a) & vec4u(0x7fffffffu), bitcast<vec4u>(b) & vec4u(0x7fffffffu));
}

fn maximum(a: vec4f, b: vec4f) -> vec4f {
  return select(max(a, b), a + b, magnitude(a, b) > vec4u(0x7f800000u));
}

fn minimum(a: vec4f, b: vec4f) -> vec4f {
  return select(min(a, b), a + b, magnitude(a, b) > vec4u(0x7f800000u));
}

// The part of a gradient that goes to a of maximum(a, b): all, half at a tie, or nothing; all where one is NaN.
fn share(a: vec4f, b: vec4f) -> vec4f {
  let part = select(select(vec4f(0.0), vec4f(0.5), a == b), vec4f(1.0), a > b);
  return select(part, vec4f(1.0), magnitude(a, b) > vec4u(0x7f800000u));
}

fn apply(a: vec4f, b: vec4f) -> vec4f {
//: if CALL
  return ${OP}(a, b);
//: else
  return a ${OP} b;
//: end
}

//: include "blocks" OUT = "y"
fn each(i: u32) {
//: if NUMBER
  y[i] = vec4<${E}>(apply(vec4f(a[i]), vec4f(params.number)));
//: else
  y[i] = vec4<${E}>(apply(vec4f(a[i]), vec4f(b[i])));
//: end
}
