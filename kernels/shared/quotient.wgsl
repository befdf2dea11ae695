// a / b of numbers below 2^22. Compilers for the CPU divide integers lane by lane, and floats all lanes at once.
fn quotient(a: u32, b: u32) -> u32 {
  let near = u32(f32(a) / f32(b));
  let below = select(near, near - 1u, near * b > a);
  return select(below, below + 1u, a - below * b >= b);
}
