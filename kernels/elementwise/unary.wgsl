// result = EXPRESSION of those of x, y and dy that are READ, and of params: a function, or its gradient from dy. float32
// inside; in memory E, f32 or f16. Whole blocks of 1024: one workgroup a block, 64 threads, four vec4 each.
// Template: E, EXPRESSION, X, Y, DY (1 when it is read), PARAMS (fields of params, or nothing).
//: if PARAMS
struct Params { ${PARAMS} }
@group(0) @binding(${1 + X + Y + DY}) var<uniform> params: Params;
//: end
//: if X
@group(0) @binding(1) var<storage, read> x_: array<vec4<${E}>>;
//: end
//: if Y
@group(0) @binding(${1 + X}) var<storage, read> y_: array<vec4<${E}>>;
//: end
//: if DY
@group(0) @binding(${1 + X + Y}) var<storage, read> dy_: array<vec4<${E}>>;
//: end
@group(0) @binding(0) var<storage, read_write> result: array<vec4<${E}>>;

//: include "nan" T = "vec4f", U = "vec4u", B = "vec4<bool>"

//: include "rectified" T = "vec4f", I = "vec4i"

fn bounded(x: vec4f, low: f32, high: f32) -> vec4f {
  return select(min(max(x, vec4f(low)), vec4f(high)), x, isNan(x));
}

// dy where x is between low and high, else 0, also where x is NaN; an infinite bound is none.
fn inside(dy: vec4f, x: vec4f, low: f32, high: f32) -> vec4f {
  let above = (x > vec4f(low)) | vec4<bool>(low < -3.4028234e38);
  let below = (x < vec4f(high)) | vec4<bool>(high > 3.4028234e38);
  return select(vec4f(), dy, above & below & !isNan(x));
}

// dy but where y is one of two numbers that are not negative; NaN passes.
fn blocked(dy: vec4f, y: vec4f, one: f32, other: f32) -> vec4f {
  let bits = bitcast<vec4u>(y) & vec4u(0x7fffffffu);
  return select(dy, vec4f(), (bits == vec4u(bitcast<u32>(one))) | (bits == vec4u(bitcast<u32>(other))));
}

fn logistic(x: vec4f) -> vec4f { return 1.0 / (1.0 + exp(-x)); }

// Near 0, where 1 - 2 / (e^2x + 1) has no digits left, a polynomial: coefficients of Moshier's Cephes library (tanhf).
fn tangent(x: vec4f) -> vec4f {
  let s = x * x;
  var p = s * -5.70498872745e-3 + 2.06390887954e-2;
  p = p * s - 5.37397155531e-2;
  p = p * s + 1.33314422036e-1;
  p = p * s - 3.33332819422e-1;
  let far = sign(x) * (1.0 - 2.0 / (exp(2.0 * abs(x)) + 1.0));
  return select(select(far, p * s * x + x, abs(x) < vec4f(0.625)), x, isNan(x));
}

// e^(-x^2 / 2) with the rounding of x^2 undone.
fn gauss(x: vec4f) -> vec4f {
  let head = bitcast<vec4f>(bitcast<vec4u>(x) & vec4u(0xfffff000u));
  return exp(head * head * -0.5) * exp((x - head) * (x + head) * -0.5);
}

// The standard normal distribution, erfc(-x / sqrt(2)) / 2. The form is (1 + 2 z) e^(z^2) erfc(z), z >= 0, as a polynomial of
// (z - k) / (z + k): Shepherd and Laframboise, Mathematics of Computation 36 (1981). The coefficients are a least-squares
// fit of it in Chebyshev points with k = 2 up to z = 10.1, where e^(-z^2) is 0 to float32: wrong by 1.4e-7 of erfc at most.
fn normalCdf(x: vec4f) -> vec4f {
  let z = min(abs(x) * 0.70710678118654752, vec4f(10.1));
  let t = (z - 2.0) / (z + 2.0);
  var p = t * -0.0004085881810169667 - 0.0012396679958328605;
  p = p * t + 0.0013206417206674814;
  p = p * t + 0.008641394786536694;
  p = p * t - 0.008062087930738926;
  p = p * t - 0.05420737341046333;
  p = p * t + 0.16405566036701202;
  p = p * t - 0.1660311073064804;
  p = p * t - 0.0927639976143837;
  p = p * t + 1.2769783735275269;
  let tail = 0.5 * p / (1.0 + 2.0 * z) * gauss(min(abs(x), vec4f(14.3)));
  return select(select(1.0 - tail, tail, x < vec4f()), x, isNan(x));
}

// The argument of the tanh that approximates the normal distribution, and its derivative.
fn bent(x: vec4f) -> vec4f { return 0.7978845608028654 * (x + 0.044715 * x * x * x); }
fn bentSlope(x: vec4f) -> vec4f { return 0.7978845608028654 * (1.0 + 0.134145 * x * x); }

// |x|^e = 2^(e log2 |x|), times belowZero (1, -1 or NaN) for x < 0, atMinusInfinity (1 or -1) there, and atZero for x = 0.
fn power(x: vec4f, exponent: f32, atZero: f32, belowZero: f32, atMinusInfinity: f32) -> vec4f {
  let magnitude = pow(abs(x), vec4f(exponent));
  let factor = select(vec4f(belowZero), vec4f(atMinusInfinity), bitcast<vec4u>(x) == vec4u(0xff800000u));
  let signed = select(magnitude, magnitude * factor, x < vec4f(0.0));
  return select(signed, vec4f(atZero), x == vec4f(0.0));
}

//: include "blocks" OUT = "result"
fn each(i: u32) {
//: if X
  let x = vec4f(x_[i]);
//: end
//: if Y
  let y = vec4f(y_[i]);
//: end
//: if DY
  let dy = vec4f(dy_[i]);
//: end
  result[i] = vec4<${E}>(${EXPRESSION});
}
