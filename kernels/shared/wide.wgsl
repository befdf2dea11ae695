// Floats loaded as 64-bit integers: on software adapters a load is code for every lane and component, whatever its width.
fn wide2(pair: u64) -> vec2f {
  return vec2f(bitcast<f32>(u32(pair)), bitcast<f32>(u32(pair >> 32u)));
}
fn wide4(pairs: vec2<u64>) -> vec4f {
  return vec4f(wide2(pairs.x), wide2(pairs.y));
}
