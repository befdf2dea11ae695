// result[i] = EXPRESSION of those of a, b and dy that are read, where a and b are repeated along dimensions and dy is not.
// Numbers are read as A and B and computed with as T: T is vec4f when rows are whole vec4, an operand that is constant along
// the last dimension stays f32; in memory they are SA, SB, SDY and SR, as wide, of f32 or f16. RANK dimensions of n
// elements of T with strides a and b in elements of A and B, 0 where an operand is repeated. U, BOOL: as wide as T.
// Dispatch: 64 threads a workgroup, four T each; writes past the end stay in the result's padding.
// Template: the types, RANK, EXPRESSION, HASA, HASB, DY (1 when it is read).
struct Params {
//: for d in 0..RANK
  n${d}: u32,
  //: if HASA
  a${d}: u32,
  //: end
  //: if HASB
  b${d}: u32,
  //: end
//: end
}
@group(0) @binding(0) var<uniform> params: Params;
//: if HASA
@group(0) @binding(2) var<storage, read> a_: array<${SA}>;
//: end
//: if HASB
@group(0) @binding(${2 + HASA}) var<storage, read> b_: array<${SB}>;
//: end
//: if DY
@group(0) @binding(${2 + HASA + HASB}) var<storage, read> dy_: array<${SDY}>;
//: end
@group(0) @binding(1) var<storage, read_write> result: array<${SR}>;

//: include "pairs" B = BOOL

//: include "blocks" OUT = "result"
fn each(i: u32) {
  var rest = i;
//: if HASA
  var ai = 0u;
//: end
//: if HASB
  var bi = 0u;
//: end
//: for k in 1..RANK
  let q${k} = rest / params.n${RANK - k};
  let at${k} = rest - q${k} * params.n${RANK - k};
  //: if HASA
  ai += at${k} * params.a${RANK - k};
  //: end
  //: if HASB
  bi += at${k} * params.b${RANK - k};
  //: end
  rest = q${k};
//: end
//: if HASA
  let a = ${T}(${A}(a_[ai + rest * params.a0]));
//: end
//: if HASB
  let b = ${T}(${B}(b_[bi + rest * params.b0]));
//: end
//: if DY
  let dy = ${T}(dy_[i]);
//: end
  result[i] = ${SR}(${EXPRESSION});
}
