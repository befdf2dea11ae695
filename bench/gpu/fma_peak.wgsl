// y[i] = what becomes of i by multiply-adds, 32 independent ones after another in `turns` turns of 8, for a device's peak of
// arithmetic. y: float32. Dispatch: one thread an element, groups of 128.
struct Params { turns: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(128)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let factor = vec4f(0.5 + f32(id.x) * 1e-9);
  //: for c in 0..8
  var a${c} = vec4f(${c}.0);
  //: end
  for (var turn = 0u; turn < params.turns; turn++) {
    //: for k in 0..8
    //: for c in 0..8
    a${c} = fma(a${c}, factor, factor);
    //: end
    //: end
  }
  var sum = vec4f();
  //: for c in 0..8
  sum += a${c};
  //: end
  y[id.x] = dot(sum, vec4f(1.0));
}
