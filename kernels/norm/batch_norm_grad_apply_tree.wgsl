// What batch_norm_grad_stats.wgsl and batch_norm_grad_apply.wgsl do in one, for discrete GPUs: each workgroup joins the partial
// sums of its channel itself, and that of the first split stores the gradients of weight and bias.
// dx = a * dz + b * x + c, with dz = dy, or 0 where RELU and y = 0; RESIDUAL also writes dz. E, f32 or f16, [N, C, plane]; the
// rest float32. TRAINING 0: the statistics are constants, so b = c = 0.
// Dispatch: x = channels, y = splits. Template: E, TRAINING, RESIDUAL, RELU, VEC (elements a vector, 1 or 4).
struct Params { images: u32, channels: u32, plane: u32, splits: u32, count: f32 } // elements a channel
//: include "vector"
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Stored>;
@group(0) @binding(2) var<storage, read> dy: array<Stored>;
@group(0) @binding(3) var<storage, read> sums: array<vec2f>;
@group(0) @binding(4) var<storage, read> stats: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> dx: array<Stored>;
@group(0) @binding(6) var<storage, read_write> dweight: array<f32>;
@group(0) @binding(7) var<storage, read_write> dbias: array<f32>;
//: if RELU
@group(0) @binding(8) var<storage, read> y: array<Stored>;
//: end
//: if RESIDUAL
@group(0) @binding(9) var<storage, read_write> dz: array<Stored>;
//: end

alias Lane = vec2f;
//: include "lanes" LANES = 128, ROWS = 1
//: include "join_lanes" NAME = "lanesSum", JOIN = "a + b", LANES = 128, ROWS = 1

@compute @workgroup_size(128)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let channel = group.x;
  var own = vec2f();
  for (var s = thread; s < params.splits; s += 128u) { own += sums[s * params.channels + channel]; }
  let sum = lanesSum(own, thread);
  let stat = stats[channel];
  let along = sum.y * stat.y;
  if (group.y == 0u && thread == 0u) {
    dbias[channel] = sum.x;
    dweight[channel] = along;
  }
  let a = stat.z;
  //: if TRAINING
  let b = -a * stat.y * along / params.count;
  let c = -a * sum.x / params.count - b * stat.x;
  //: end
  // The images of this split, one after the other.
  let vectors = params.plane / ${VEC}u;
  let images = (params.images - group.y + params.splits - 1u) / params.splits;
  for (var i = thread; i < images * vectors; i += 128u) {
    let image = group.y + i / vectors * params.splits;
    let at = (image * params.channels + channel) * vectors + i % vectors;
    //: if RELU
    let gradient = select(Vector(), loaded(dy[at]), bitcast<Bits>(loaded(y[at])) != Bits());
    //: else
    let gradient = loaded(dy[at]);
    //: end
    //: if RESIDUAL
    dz[at] = stored(gradient);
    //: end
    //: if TRAINING
    dx[at] = stored(gradient * a + loaded(x[at]) * b + Vector(c));
    //: else
    dx[at] = stored(gradient * a);
    //: end
  }
}
