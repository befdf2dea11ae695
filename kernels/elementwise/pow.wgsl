// y = scale x^e, times dy when GRADIENT
// x, dy, y: float32. Whole blocks of 1024: one workgroup a block, 64 threads, four vec4 each.
// INTEGER: x^e by multiplying FACTORS = |e| times, inverted when e < 0: negative x are fine and
// no accuracy is lost. Otherwise |x|^e = 2^(e log2 |x|), times belowZero (1, -1 or NaN) for x < 0, and
// atZero for x = 0.
struct Params {
  scale: f32,
//: if INTEGER
  invert: u32,
//: else
  exponent: f32, atZero: f32, belowZero: f32,
//: end
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
//: if GRADIENT
@group(0) @binding(2) var<storage, read> dy: array<vec4f>;
//: end
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;

fn power(x: vec4f) -> vec4f {
//: if INTEGER
  var product = vec4f(1.0);
//: for k in 0..FACTORS
  product *= x;
//: end
  if (params.invert == 1u) { product = 1.0 / product; }
  return product;
//: else
  let magnitude = pow(abs(x), vec4f(params.exponent));
  let signed = select(magnitude, magnitude * params.belowZero, x < vec4f(0.0));
  return select(signed, vec4f(params.atZero), x == vec4f(0.0));
//: end
}

//: include "blocks" OUT = "y"
fn each(i: u32) {
//: if GRADIENT
  y[i] = params.scale * dy[i] * power(x[i]);
//: else
  y[i] = params.scale * power(x[i]);
//: end
}
