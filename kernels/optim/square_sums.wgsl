// partials[first + block] = sum of the block's squared gradients; 0 where the block's parameter has no gradient.
// gradients: float32 in blocks of 1024. SCALED: they are those of a loss times scale.x, and are divided by it before.
// Dispatch: one workgroup a block: 64 threads, four vec4 each. Template: SCALED.
struct Params { first: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> enabled: array<u32>;
@group(0) @binding(2) var<storage, read> gradients: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> partials: array<f32>;
//: if SCALED
@group(0) @binding(4) var<uniform> scale: vec4f;
//: end

alias Lane = f32;
//: include "lanes" LANES = 64, ROWS = 1
//: include "join_lanes" NAME = "lanesSum", JOIN = "a + b", LANES = 64, ROWS = 1

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let block = group.x + group.y * groups.x;
  if (block * 256u >= arrayLength(&gradients)) { return; }
  var sum = vec4f();
  if (enabled[block] != 0u) {
    for (var k = 0u; k < 4u; k++) {
      //: if SCALED
      let g = gradients[block * 256u + k * 64u + thread] / scale.x;
      //: else
      let g = gradients[block * 256u + k * 64u + thread];
      //: end
      sum += g * g;
    }
  }
  let total = lanesSum(dot(sum, vec4f(1.0)), thread);
  if (thread == 0u) { partials[params.first + block] = total; }
}
