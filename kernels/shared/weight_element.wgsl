// w[group, o, i, tap] of the weights of a convolution that params describes, or 0 where it is not `inside`: what is past the
// last channel of a group.
fn weightElement(convGroup: u32, o: u32, i: u32, tap: u32, inside: bool) -> f32 {
  let source = convGroup * params.strideGroup + o * params.strideOut + i * params.strideIn +
    select(tap, params.taps - 1u - tap, params.flip == 1u);
  let counts = inside && o < params.groupOut && i < params.groupIn;
  return select(0.0, w[min(source, arrayLength(&w) - 1u)], counts);
}
