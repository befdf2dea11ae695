// y[n, o, p] (+)= sum over i of w[o, i] * x[n, g(o) + i, p], for all pixels p; g(o) is the first input channel of o's group.
// Then, as `epilogue` says, + bias[o], + residual, ReLU.
// 1 x 1 convolution with stride 1 for adapters where a load costs more than a multiply-add. float32, NCHW.
// One thread makes V times LANES pixels of T output channels of a group; weights come packed (conv2d_pack.wgsl)
// through a uniform window of 64 KB that holds whole blocks of T channels.
// Dispatch: x = ceil(images * tiles / 64), y = blocks in the window.
// Template: LANES (4 where planes are whole vec4, or 1), V, T (multiple of 4), ACC (add to y).
struct Params {
  images: u32,
  plane: u32, // times LANES pixels
  tiles: u32, // of a plane
  inChannels: u32, // of a group, in this window
  firstIn: u32, // the first of them, in its group
  groupIn: u32, // channels of a group
  allIn: u32,
  groupOut: u32,
  allOut: u32,
  firstBlock: u32,
  groupBlocks: u32, // blocks of T channels of a group
  blockStride: u32, // vec4s from one block to the next
  epilogue: u32, // 1 for bias, 2 for residual, 4 for ReLU, added; what is not read may be any buffer
}
//: if LANES == 4
alias Pixels = vec4f;
//: else
alias Pixels = f32;
//: end
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Pixels>;
@group(0) @binding(2) var<uniform> w: array<vec4f, 4096>;
@group(0) @binding(3) var<storage, read_write> y: array<Pixels>;
@group(0) @binding(4) var<storage, read> bias: array<f32>;
@group(0) @binding(5) var<storage, read> residual: array<Pixels>;

//: if LANES == 4
//: include "rectified" T = "vec4f", I = "vec4i"
//: else
//: include "rectified" T = "f32", I = "i32"
//: end

//: include "quotient"

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) thread: vec3u, @builtin(workgroup_id) group: vec3u) {
  // Surplus threads repeat the last tile: a branch here would slow every uniform load below.
  let id = min(thread.x, params.images * params.tiles - 1u);
  let image = quotient(id, params.tiles);
  let pixel = (id - image * params.tiles) * ${V}u;
  let block = params.firstBlock + group.y;
  let convGroup = block / params.groupBlocks;
  let firstOut = (block % params.groupBlocks) * ${T}u;
  //: for t in 0..T
  //: for q in 0..V
  var a${t}_${q} = Pixels();
  //: end
  //: end
  var source = (image * params.allIn + convGroup * params.groupIn + params.firstIn) * params.plane + pixel;
  var wi = group.y * params.blockStride;
  for (var i = 0u; i < params.inChannels; i++) {
    // What a tile reads behind the plane it does not store.
    //: for q in 0..V
    let x${q} = x[source + ${q}u];
    //: end
    //: for t in 0..T/4
    {
      let k = w[wi + ${t}u];
      //: for l in 0..4
      //: for q in 0..V
      a${t*4+l}_${q} += k[${l}] * x${q};
      //: end
      //: end
    }
    //: end
    source += params.plane;
    wi += ${T/4}u;
  }
  //: if ACC
  // Surplus threads must not add twice.
  if (thread.x != id) { return; }
  //: end
  let channel = image * params.allOut + convGroup * params.groupOut + firstOut;
  let biased = (params.epilogue & 1u) != 0u;
  let added = (params.epilogue & 2u) != 0u;
  let rectifies = (params.epilogue & 4u) != 0u;
  // Stored in loops: every store is code for each lane of a CPU, and unrolled they take longer to compile than all of the sums.
  var sums: array<Pixels, ${T*V}>;
  //: for t in 0..T
  //: for q in 0..V
  sums[${t*V+q}] = a${t}_${q};
  //: end
  //: end
  let channels = min(${T}u, params.groupOut - firstOut);
  let pixels = min(${V}u, params.plane - pixel);
  for (var t = 0u; t < channels; t++) {
    var b = 0.0;
    if (biased) { b = bias[convGroup * params.groupOut + firstOut + t]; }
    let at = (channel + t) * params.plane + pixel;
    for (var q = 0u; q < pixels; q++) {
      var sum = sums[t * ${V}u + q] + b;
      //: if ACC
      sum += y[at + q];
      //: end
      if (added) { sum += residual[at + q]; }
      if (rectifies) { sum = rectified(sum); }
      y[at + q] = sum;
    }
  }
}
