// partial[s, o, i] = sum over the images n of split s and all pixels p of dy[n, o, p] * x[n, g(o) + i, p]; g(o) is the first
// input channel of o's group.
// Weight gradient of a 1 x 1 convolution with stride 1 for adapters where a load costs more than a multiply-add; sum_partials
// adds the splits in fixed order. float32, NCHW.
// A thread owns TO x TI channel pairs of a group. Dispatch: x = ceil(pairs * splits / 64). Template: TO, TI, LANES
// (4 where planes are whole vec4, or 1).
struct Params {
  images: u32,
  splitImages: u32,
  splits: u32,
  plane: u32, // times LANES pixels
  groups: u32,
  groupIn: u32, // channels of a group
  groupOut: u32,
  tilesIn: u32, // of a group
  tilesOut: u32,
}
//: if LANES == 4
alias Pixels = vec4f;
//: else
alias Pixels = f32;
//: end
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Pixels>;
@group(0) @binding(2) var<storage, read> dy: array<Pixels>;
@group(0) @binding(3) var<storage, read_write> partials: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) thread: vec3u) {
  let pairs = params.tilesIn * params.tilesOut * params.groups;
  let id = min(thread.x, pairs * params.splits - 1u);
  let firstIn = (id % params.tilesIn) * ${TI}u;
  let firstOut = ((id / params.tilesIn) % params.tilesOut) * ${TO}u;
  let convGroup = (id / (params.tilesIn * params.tilesOut)) % params.groups;
  let split = id / pairs;
  // Channels past the last of a group read the last; their sums are not stored.
  //: for i in 0..TI
  let in${i} = (convGroup * params.groupIn + min(firstIn + ${i}u, params.groupIn - 1u)) * params.plane;
  //: end
  //: for o in 0..TO
  let out${o} = (convGroup * params.groupOut + min(firstOut + ${o}u, params.groupOut - 1u)) * params.plane;
  //: end
  //: for o in 0..TO
  //: for i in 0..TI
  var a${o}_${i} = 0.0;
  //: end
  //: end
  let end = min((split + 1u) * params.splitImages, params.images);
  for (var image = split * params.splitImages; image < end; image++) {
    let xAt = image * params.groups * params.groupIn * params.plane;
    let dyAt = image * params.groups * params.groupOut * params.plane;
    for (var p = 0u; p < params.plane; p++) {
      //: for i in 0..TI
      let x${i} = x[xAt + in${i} + p];
      //: end
      //: for o in 0..TO
      {
        let d = dy[dyAt + out${o} + p];
        //: for i in 0..TI
        //: if LANES == 4
        a${o}_${i} += dot(d, x${i});
        //: else
        a${o}_${i} += d * x${i};
        //: end
        //: end
      }
      //: end
    }
  }
  //: for o in 0..TO
  if (firstOut + ${o}u < params.groupOut) {
    let row = ((split * params.groups + convGroup) * params.groupOut + firstOut + ${o}u) * params.groupIn;
    //: for i in 0..TI
    if (firstIn + ${i}u < params.groupIn) { partials[row + firstIn + ${i}u] = a${o}_${i}; }
    //: end
  }
  //: end
}
