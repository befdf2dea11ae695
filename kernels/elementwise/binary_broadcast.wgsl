// y[i] = a[index of i in a] OP b[index of i in b]: an operator, or a function when CALL
// a, b, y: float32 or float16, read as A, B and T: T is vec4f when rows are whole vec4, an operand that is constant
// along the last dimension stays f32; in memory they are SA, SB and ST, the same types of f32 or f16. RANK dimensions of n elements of T with strides a and b in
// elements of A and B, 0 where an operand is repeated.
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

// The part of a gradient that goes to a of max(a, b): all, half at a tie, or nothing.
fn share(a: ${T}, b: ${T}) -> ${T} {
  return select(select(${T}(0.0), ${T}(0.5), a == b), ${T}(1.0), a > b);
}

fn apply(a: ${T}, b: ${T}) -> ${T} {
//: if CALL
  return ${OP}(a, b);
//: else
  return a ${OP} b;
//: end
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let first = (group.x + group.y * groups.x) * 256u + thread;
  if (first >= arrayLength(&y)) { return; }
  for (var k = 0u; k < 4u; k++) {
    let i = first + k * 64u;
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
}
