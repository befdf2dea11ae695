// result = EXPRESSION of those of a, b and dy that are read: tensors of one shape, or b a number when NUMBER. A function, or
// a gradient from dy. float32 inside; in memory E, f32 or f16; the result R. Whole blocks of 1024: one workgroup a block,
// 64 threads, four vec4 each. Template: E, R, EXPRESSION, A, B, DY (1 when it is read), NUMBER.
//: if NUMBER
struct Params { number: f32 }
@group(0) @binding(${1 + A + B + DY}) var<uniform> params: Params;
//: end
//: if A
@group(0) @binding(1) var<storage, read> a_: array<vec4<${E}>>;
//: end
//: if B
@group(0) @binding(${1 + A}) var<storage, read> b_: array<vec4<${E}>>;
//: end
//: if DY
@group(0) @binding(${1 + A + B}) var<storage, read> dy_: array<vec4<${E}>>;
//: end
@group(0) @binding(0) var<storage, read_write> result: array<vec4<${R}>>;

//: include "pairs" T = "vec4f", U = "vec4u", B = "vec4<bool>"

//: include "blocks" OUT = "result"
fn each(i: u32) {
//: if A
  let a = vec4f(a_[i]);
//: end
//: if B
  let b = vec4f(b_[i]);
//: end
//: if NUMBER
  let b = vec4f(params.number);
//: end
//: if DY
  let dy = vec4f(dy_[i]);
//: end
  result[i] = vec4<${R}>(${EXPRESSION});
}
