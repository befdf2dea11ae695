// Functions of two numbers that expressions of the table of binary ops use. T: f32 or vec4f, U and B as wide.
//: include "nan"
fn eitherNan(a: ${T}, b: ${T}) -> ${B} { return isNan(a) | isNan(b); }

fn larger(a: ${T}, b: ${T}) -> ${T} { return select(max(a, b), a + b, eitherNan(a, b)); }

fn smaller(a: ${T}, b: ${T}) -> ${T} { return select(min(a, b), a + b, eitherNan(a, b)); }

// The part of a gradient that goes to a of larger(a, b): all, half at a tie, or nothing; all where one is NaN.
fn share(a: ${T}, b: ${T}) -> ${T} {
  let part = select(select(${T}(0.0), ${T}(0.5), a == b), ${T}(1.0), a > b);
  return select(part, ${T}(1.0), eitherNan(a, b));
}

// 1 where it holds and neither is NaN, else 0.
fn holds(condition: ${B}, a: ${T}, b: ${T}) -> ${T} {
  return select(${T}(0.0), ${T}(1.0), condition & !eitherNan(a, b));
}
