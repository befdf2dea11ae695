// y[i] = a[index of i in a] OP b[index of i in b]: an operator, or a function when CALL
// a, b, y: float32 or float16, read as A, B and T: T is vec4f when rows are whole vec4, an operand that is constant
// along the last dimension stays f32; in memory they are SA, SB and ST, the same types of f32 or f16. RANK dimensions of n elements of T with strides a and b in
// elements of A and B, 0 where an operand is repeated. U: u32 as wide as T.
// Dispatch: 64 threads a workgroup, four T each; writes past the end stay in y's padding.
struct Params {
//: for d in 0..RANK
  n${d}: u32, a${d}: u32, b${d}: u32,
//: end
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<${SA}>;
@group(0) @binding(2) var<storage, read> b: array<${SB}>;
@group(0) @binding(3) var<storage, read_write> y: array<${ST}>;

// The larger magnitude of both as bits: above 0x7f800000 when one is NaN, whatever compilers assume of floats.
fn magnitude(a: ${T}, b: ${T}) -> ${U} {
  return max(bitcast<${U}>(a) & ${U}(0x7fffffffu), bitcast<${U}>(b) & ${U}(0x7fffffffu));
}

fn maximum(a: ${T}, b: ${T}) -> ${T} {
  return select(max(a, b), a + b, magnitude(a, b) > ${U}(0x7f800000u));
}

fn minimum(a: ${T}, b: ${T}) -> ${T} {
  return select(min(a, b), a + b, magnitude(a, b) > ${U}(0x7f800000u));
}

// The part of a gradient that goes to a of maximum(a, b): all, half at a tie, or nothing; all where one is NaN.
fn share(a: ${T}, b: ${T}) -> ${T} {
  let part = select(select(${T}(0.0), ${T}(0.5), a == b), ${T}(1.0), a > b);
  return select(part, ${T}(1.0), magnitude(a, b) > ${U}(0x7f800000u));
}

fn apply(a: ${T}, b: ${T}) -> ${T} {
//: if CALL
  return ${OP}(a, b);
//: else
  return a ${OP} b;
//: end
}

//: include "blocks" OUT = "y"
fn each(i: u32) {
  var rest = i;
  var ai = 0u;
  var bi = 0u;
//: for k in 1..RANK
  ai += rest % params.n${RANK - k} * params.a${RANK - k};
  bi += rest % params.n${RANK - k} * params.b${RANK - k};
  rest /= params.n${RANK - k};
//: end
  ai += rest * params.a0;
  bi += rest * params.b0;
  y[i] = ${ST}(apply(${T}(${A}(a[ai])), ${T}(${B}(b[bi]))));
}
