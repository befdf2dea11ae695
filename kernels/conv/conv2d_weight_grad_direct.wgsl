// partial[s, o, i, ky, kx] = sum over the strips of split s of dy[n, o, oy, ox] * x[n, g(o) + i, oy * S - P + ky, ox * S - P + kx]
// where g(o) is the first input channel of o's group.
// Weight gradient for adapters where a load costs more than a multiply-add; sum_partials adds the splits
// in fixed order. float32, NCHW.
// A thread owns TO x TI channel pairs of a group with all taps and sweeps down strips of TX columns, keeping the rows of x that
// the next row of dy needs again. A strip is TX columns of one image; split s takes strips s * strips .. (s + 1) * strips.
// Dispatch: x = ceil(pairs * splits / 64).
// Template: KH, KW, S, TO, TI, TX.
struct Params {
  groups: u32,
  groupIn: u32, // channels of a group
  groupOut: u32,
  padY: u32,
  padX: u32,
  tilesIn: u32,
  tilesOut: u32,
  stripsPerImage: u32,
  strips: u32, // in one split
  allStrips: u32,
  splits: u32,
  height: u32,
  width: u32,
  outHeight: u32,
  outWidth: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> partials: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) thread: vec3u) {
  let pairs = params.tilesIn * params.tilesOut * params.groups;
  let id = min(thread.x, pairs * params.splits - 1u);
  let firstIn = (id % params.tilesIn) * ${TI}u;
  let firstOut = ((id / params.tilesIn) % params.tilesOut) * ${TO}u;
  let convGroup = (id / (params.tilesIn * params.tilesOut)) % params.groups;
  let split = id / pairs;
  let inChannels = params.groups * params.groupIn;
  let outChannels = params.groups * params.groupOut;
  // Read once: what a loop reads of params it reads at every turn.
  let height = params.height;
  let width = params.width;
  let outHeight = params.outHeight;
  let outWidth = params.outWidth;
  let plane = height * width;
  let outPlane = outHeight * outWidth;
  // Channels past the last read the last; their sums are not stored.
  //: for i in 0..TI
  let in${i} = (convGroup * params.groupIn + min(firstIn + ${i}u, params.groupIn - 1u)) * plane;
  //: end
  //: for o in 0..TO
  let out${o} = (convGroup * params.groupOut + min(firstOut + ${o}u, params.groupOut - 1u)) * outPlane;
  //: end
  //: for o in 0..TO
  //: for i in 0..TI
  //: for k in 0..KH*KW
  var a${o}_${i}_${k} = 0.0;
  //: end
  //: end
  //: end
  //: for i in 0..TI
  //: for r in 0..KH
  //: for c in 0..(TX-1)*S+KW
  var x${i}_${r}_${c} = 0.0;
  //: end
  //: end
  //: end
  let end = min((split + 1u) * params.strips, params.allStrips);
  for (var strip = split * params.strips; strip < end; strip++) {
    let image = strip / params.stripsPerImage;
    let ox = (strip % params.stripsPerImage) * ${TX}u;
    let ix = ox * ${S}u - params.padX;
    //: for c in 0..(TX-1)*S+KW
    let colIn${c} = ix + ${c}u < width;
    //: end
    //: for c in 0..TX
    let dyIn${c} = ox + ${c}u < outWidth;
    //: end
    var dyAt = image * outChannels * outPlane + ox;
    // Row 0 of the window is loaded by the sweep as row KH - S; what lies above it comes first.
    var iy = 0u - params.padY;
    let xBase = image * inChannels * plane + ix;
    //: for r in 0..KH-S
    {
      let rowIn = iy + ${r}u < height;
      let at = xBase + (iy + ${r}u) * width;
      //: for i in 0..TI
      //: for c in 0..(TX-1)*S+KW
      x${i}_${r+S}_${c} = select(0.0, x[at + in${i} + ${c}u], rowIn && colIn${c});
      //: end
      //: end
    }
    //: end
    for (var oy = 0u; oy < outHeight; oy++) {
      //: for i in 0..TI
      //: for r in 0..KH-S
      //: for c in 0..(TX-1)*S+KW
      x${i}_${r}_${c} = x${i}_${r+S}_${c};
      //: end
      //: end
      //: end
      //: for r in (KH>S?KH-S:0)..KH
      {
        let rowIn = iy + ${r}u < height;
        let at = xBase + (iy + ${r}u) * width;
        //: for i in 0..TI
        //: for c in 0..(TX-1)*S+KW
        x${i}_${r}_${c} = select(0.0, x[at + in${i} + ${c}u], rowIn && colIn${c});
        //: end
        //: end
      }
      //: end
      //: for o in 0..TO
      {
        //: for c in 0..TX
        let d${c} = select(0.0, dy[dyAt + out${o} + ${c}u], dyIn${c});
        //: end
        //: for i in 0..TI
        //: for ky in 0..KH
        //: for kx in 0..KW
        a${o}_${i}_${ky*KW+kx} +=
        //: for c in 0..TX-1
          d${c} * x${i}_${ky}_${c*S+kx} +
        //: end
          d${TX-1} * x${i}_${ky}_${(TX-1)*S+kx};
        //: end
        //: end
        //: end
      }
      //: end
      dyAt += outWidth;
      iy += ${S}u;
    }
  }
  // Stored in loops: every store is code for each lane of a CPU, and takes long to compile.
  var sums: array<f32, ${TO*TI*KH*KW}>;
  //: for o in 0..TO
  //: for i in 0..TI
  //: for k in 0..KH*KW
  sums[${(o*TI+i)*KH*KW+k}] = a${o}_${i}_${k};
  //: end
  //: end
  //: end
  let lastOut = min(${TO}u, params.groupOut - firstOut);
  let taps = min(${TI}u, params.groupIn - firstIn) * ${KH*KW}u;
  let at = split * outChannels + convGroup * params.groupOut + firstOut;
  for (var o = 0u; o < lastOut; o++) {
    let to = ((at + o) * params.groupIn + firstIn) * ${KH*KW}u;
    for (var k = 0u; k < taps; k++) { partials[to + k] = sums[o * ${TI*KH*KW}u + k]; }
  }
}
