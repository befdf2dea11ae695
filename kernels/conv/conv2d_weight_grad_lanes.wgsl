// partial[s, o, i, ky, kx] = sum over the strips of split s of dy[n, o, oy, ox] * x[n, g(o) + i, oy * S - P + ky, ox * S - P + kx]
// where g(o) is the first input channel of o's group.
// Weight gradient for adapters that run on the CPU: the threads of a subgroup are the lanes of the processor's vectors. Each
// lane has its own input channels; lanes load different values of dy and hand them to all. sum_partials adds the splits in
// fixed order. float32, NCHW.
// A subgroup owns TO output and SUBGROUP * TI input channels of a group with all taps and sweeps down strips of TX columns,
// keeping the rows of x that the next row of dy needs again. A strip is TX columns of one image; split s takes strips
// s * strips .. (s + 1) * strips.
// Dispatch: x = ceil(pairs * splits * SUBGROUP / 64).
// Template: KH, KW, S, PX, TO (multiple of SUBGROUP), TI, TX, FIRST and COLUMNS (columns of a window that may be inside an image: all, or
// without padding where a strip is as wide as the image), VX, VD (elements of x and dy a load: 2, 4 or 8), OX, OD (how
// many elements behind a whole vector a window and a strip begin; -1: it depends).
struct Params {
  height: u32,
  width: u32,
  outHeight: u32,
  outWidth: u32,
  groups: u32,
  groupIn: u32, // channels of a group
  groupOut: u32,
  padY: u32,
  tilesIn: u32,
  tilesOut: u32,
  stripsPerImage: u32,
  strips: u32, // in one split
  allStrips: u32,
  splits: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
//: include "wide"
//: if VX == 2
@group(0) @binding(1) var<storage, read> x: array<u64>;
//: else
@group(0) @binding(1) var<storage, read> x: array<vec${VX/2}<u64>>;
//: end
//: if VD == 2
@group(0) @binding(2) var<storage, read> dy: array<u64>;
//: else
@group(0) @binding(2) var<storage, read> dy: array<vec${VD/2}<u64>>;
//: end
@group(0) @binding(3) var<storage, read_write> partials: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) thread: vec3u) {
  let lane = thread.x % ${SUBGROUP}u;
  let pairs = params.tilesIn * params.tilesOut * params.groups;
  let id = min(thread.x / ${SUBGROUP}u, pairs * params.splits - 1u);
  let firstIn = (id % params.tilesIn) * ${TI*SUBGROUP}u + lane;
  let firstOut = ((id / params.tilesIn) % params.tilesOut) * ${TO}u;
  let convGroup = (id / (params.tilesIn * params.tilesOut)) % params.groups;
  let split = id / pairs;
  let inChannels = params.groups * params.groupIn;
  let outChannels = params.groups * params.groupOut;
  let plane = params.height * params.width;
  let outPlane = params.outHeight * params.outWidth;
  // Channels past the last read the last; their sums are not stored.
  //: for i in 0..TI
  let in${i} = (convGroup * params.groupIn + min(firstIn + ${i*SUBGROUP}u, params.groupIn - 1u)) * plane;
  //: end
  //: for o in 0..TO/SUBGROUP
  let out${o} = (convGroup * params.groupOut + min(firstOut + ${o*SUBGROUP}u + lane, params.groupOut - 1u)) * outPlane;
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
    let ix = ox * ${S}u;
    //: for c in 0..(TX-1)*S+KW
    let colIn${c} = ix + ${c}u - ${PX}u < params.width;
    //: end
    //: for c in 0..TX
    let dyIn${c} = ox + ${c}u < params.outWidth;
    //: end
    var dyAt = image * outChannels * outPlane + ox;
    // Row 0 of the window is loaded by the sweep as row KH - S; what lies above it comes first.
    var iy = 0u - params.padY;
    let xBase = image * inChannels * plane + ix;
    //: for r in 0..KH-S
    {
      let rowIn = iy + ${r}u < params.height;
      let at = xBase + (iy + ${r}u) * params.width;
      //: for i in 0..TI
      //: include "conv_window_row" ROW = r + S
      //: end
    }
    //: end
    for (var oy = 0u; oy < params.outHeight; oy++) {
      //: for i in 0..TI
      //: for r in 0..KH-S
      //: for c in 0..(TX-1)*S+KW
      x${i}_${r}_${c} = x${i}_${r+S}_${c};
      //: end
      //: end
      //: end
      //: for r in (KH>S?KH-S:0)..KH
      {
        let rowIn = iy + ${r}u < params.height;
        let at = xBase + (iy + ${r}u) * params.width;
        //: for i in 0..TI
        //: include "conv_window_row" ROW = r
        //: end
      }
      //: end
      //: for b in 0..TO/SUBGROUP
      {
        let begin = i32(dyAt + out${b});
        //: include "row_floats" FROM = "dy", COUNT = TX, VEC = VD, OFF = OD
        //: for c in 0..TX
        let d${c} = select(0.0, r${c}, dyIn${c});
        //: end
        //: for l in 0..SUBGROUP
        {
          //: for c in 0..TX
          let b${c} = subgroupBroadcast(d${c}, ${l}u);
          //: end
          //: for o in b*SUBGROUP+l..b*SUBGROUP+l+1
          //: for i in 0..TI
          //: for ky in 0..KH
          //: for c in 0..TX
          //: for kx in 0..KW
          //: if c*S+kx >= FIRST && c*S+kx < FIRST+COLUMNS
          a${o}_${i}_${ky*KW+kx} += b${c} * x${i}_${ky}_${c*S+kx};
          //: end
          //: end
          //: end
          //: end
          //: end
          //: end
        }
        //: end
      }
      //: end
      dyAt += params.outWidth;
      iy += ${S}u;
    }
  }
  //: if S == 1
  // Stored in loops: every store is code for each lane of a CPU, and unrolled they take longer to compile than all of the sums.
  var sums: array<f32, ${TO*TI*KH*KW}>;
  //: for o in 0..TO
  //: for i in 0..TI
  //: for k in 0..KH*KW
  sums[${(o*TI+i)*KH*KW+k}] = a${o}_${i}_${k};
  //: end
  //: end
  //: end
  let lastOut = min(${TO}u, params.groupOut - firstOut);
  let lastIn = min(${TI}u, (max(params.groupIn, firstIn) - firstIn + ${SUBGROUP-1}u) / ${SUBGROUP}u);
  let first = split * outChannels + convGroup * params.groupOut + firstOut;
  for (var o = 0u; o < lastOut; o++) {
    for (var i = 0u; i < lastIn; i++) {
      let to = ((first + o) * params.groupIn + firstIn + i * ${SUBGROUP}u) * ${KH*KW}u;
      let place = (o * ${TI}u + i) * ${KH*KW}u;
      //: for k in 0..KH*KW
      partials[to + ${k}u] = sums[place + ${k}u];
      //: end
    }
  }
  //: else
  // With a stride the sweep is an eighth slower where its sums go into an array.
  let first = split * outChannels * params.groupIn * ${KH*KW}u;
  //: for o in 0..TO
  if (firstOut + ${o}u < params.groupOut) {
    //: for i in 0..TI
    if (firstIn + ${i*SUBGROUP}u < params.groupIn) {
      let pair = first + ((convGroup * params.groupOut + firstOut + ${o}u) * params.groupIn + firstIn + ${i*SUBGROUP}u) * ${KH*KW}u;
      //: for k in 0..KH*KW
      partials[pair + ${k}u] = a${o}_${i}_${k};
      //: end
    }
    //: end
  }
  //: end
  //: end
}
