// Floats loaded and stored as 64-bit integers: on software adapters either is code for every lane and component, whatever its width.
fn wide2(pair: u64) -> vec2f {
  return vec2f(bitcast<f32>(u32(pair)), bitcast<f32>(u32(pair >> 32u)));
}
fn wide4(pairs: vec2<u64>) -> vec4f {
  return vec4f(wide2(pairs.x), wide2(pairs.y));
}
fn narrow2(floats: vec2f) -> u64 {
  let bits = bitcast<vec2u>(floats);
  return u64(bits.x) | (u64(bits.y) << 32u);
}
fn narrow4(floats: vec4f) -> vec2<u64> {
  return vec2<u64>(narrow2(floats.xy), narrow2(floats.zw));
}
