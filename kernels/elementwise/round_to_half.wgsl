// y = the float16 number nearest to x, of two as near the even one, both float32; infinite beyond 65,504, NaN where x is NaN.
// By the bits: compilers take a conversion to float16 and back for nothing. Whole blocks of 1024: one workgroup a block, 64
// threads, four vec4 each.
@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;

const INFINITE = vec4u(0x7f800000u);

//: include "blocks" OUT = "y"
fn each(i: u32) {
  let value = x[i];
  let size = bitcast<vec4u>(value) & vec4u(0x7fffffffu);
  // 13 digits fewer; below 2^-14 a step is 2^-24 wherever the number lies.
  let normal = (size + vec4u(0xfffu) + ((size >> vec4u(13u)) & vec4u(1u))) & vec4u(0xffffe000u);
  let small = bitcast<vec4u>(round(abs(value) * 0x1p24) * 0x1p-24);
  let nearest = select(normal, small, size < vec4u(0x38800000u));
  let finite = select(nearest, INFINITE, nearest >= vec4u(0x47800000u));
  let rounded = select(finite, size, size > INFINITE);
  y[i] = bitcast<vec4f>(rounded | (bitcast<vec4u>(value) & vec4u(0x80000000u)));
}
