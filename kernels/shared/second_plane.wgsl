// Which elements of the pair, counted in two neighbouring planes, are the second plane's, which may begin in the middle of one.
fn inSecondPlane(pair: u32, plane: u32) -> vec2<bool> {
  return vec2u(2u * pair, 2u * pair + 1u) >= vec2u(plane);
}
