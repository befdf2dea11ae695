// g = gradient + weightDecay * value; m = momentum * m + g; value -= lr * (g + momentum * m if NESTEROV, else m)
// All parameters of an optimiser in one pass, blocks of 1024 elements; blocks whose parameter has no gradient are skipped.
// lr is read from memory so that it may change between replays. float32.
// SCALED: gradients are those of a loss times scale[0], and nothing changes where overflow[0] is set.
// Dispatch: one workgroup a block: 64 threads, four vec4 each. Template: NESTEROV, SCALED.
struct Params { weightDecay: f32, momentum: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> lr: array<f32>;
@group(0) @binding(2) var<storage, read> enabled: array<u32>;
@group(0) @binding(3) var<storage, read> gradients: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> values: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> buffers: array<vec4f>;
//: if SCALED
@group(0) @binding(6) var<storage, read> scale: array<f32>;
@group(0) @binding(7) var<storage, read> overflow: array<u32>;
//: end

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let block = group.x + group.y * groups.x;
  if (block * 256u >= arrayLength(&values) || enabled[block] == 0u) { return; }
  let rate = lr[0];
  //: if SCALED
  if (overflow[0] != 0u) { return; }
  let inverse = 1.0 / scale[0];
  //: end
  //: if LOOPS
  for (var i = block * 256u + thread; i < (block + 1u) * 256u; i += 64u) {
  //: else
  for (var k = 0u; k < 4u; k++) {
    let i = block * 256u + k * 64u + thread;
  //: end
    let value = values[i];
    //: if SCALED
    let g = gradients[i] * inverse + params.weightDecay * value;
    //: else
    let g = gradients[i] + params.weightDecay * value;
    //: end
    let m = params.momentum * buffers[i] + g;
    buffers[i] = m;
    //: if NESTEROV
    values[i] = value - rate * (g + params.momentum * m);
    //: else
    values[i] = value - rate * m;
    //: end
  }
}
