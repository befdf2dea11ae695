// y[n, o, :, :] (+)= sum over i, ky, kx of w[o, i, ky, kx] * x[n, g(o) + i, oy * S - P + ky, ox * S - P + kx]
// where g(o) is the first input channel of o's group; with GRAD the input gradient of such a convolution, x being the
// output's gradient, y the input's, and the roles of i and o swapped. Then, as `epilogue` says, + bias[o], + residual, ReLU.
// For adapters that run on the CPU: the threads of a subgroup are the lanes of the processor's vectors. A load costs eight
// scalar loads, so lanes load different values of x and hand them to all; each lane makes the sums of its own channels.
// float32, NCHW. A subgroup makes TY rows of y (whole rows, OW wide) of SUBGROUP * T channels of a group; weights come packed
// (conv2d_lanes_pack.wgsl) through a uniform window of 64 KB that holds whole blocks of as many channels.
// Dispatch: x = ceil(images * tiles * SUBGROUP / 64), y = blocks in the window.
// Template: W, OW (widths of x and y), KH, KW, KR (rows of the kernel at a time: KH or 1), S (stride), PY, PX (padding), TY, T,
// VEC (elements of x a load: 1, 2, 4 or 8), ODD (VEC is 2 and planes, read whole, may begin in the middle of a load),
// VOUT (of y a store), R0, R (first row of x, relative to the tile's, and rows read: all others are zero), M (elements read before the first
// row, so that it starts at a whole vector), GRAD, ACC (add to y).
struct Params {
  images: u32,
  tiles: u32, // of an image
  plane: u32, // of x, in loads
  outPlane: u32, // of y, in stores
  step: u32, // loads from one tile's first row to the next tile's
  first: i32, // load at which the first tile begins
  inChannels: u32, // of a group, in this window
  firstIn: u32, // the first of them, in its group
  groupIn: u32, // channels of a group
  allIn: u32,
  groupOut: u32,
  allOut: u32,
  firstBlock: u32,
  groupBlocks: u32, // blocks of channels of a group
  blockStride: u32, // vec4s from one block to the next
  epilogue: u32, // 1 for bias, 2 for residual, 4 for ReLU, added; what is not read may be any buffer
}
//: include "wide"
//: if VEC == 1
alias Loaded = f32;
alias Part = f32;
fn part(loaded: Loaded, half: u32) -> Part { return loaded; }
//: else
//: if VEC == 2
alias Loaded = u64;
alias Part = vec2f;
fn part(loaded: Loaded, half: u32) -> Part { return wide2(loaded); }
//: else
alias Loaded = vec${VEC/2}<u64>;
alias Part = vec4f;
//: if VEC == 4
fn part(loaded: Loaded, half: u32) -> Part { return wide4(loaded); }
//: else
fn part(loaded: Loaded, half: u32) -> Part { return wide4(select(loaded.xy, loaded.zw, half == 1u)); }
//: end
//: end
//: end
//: if VOUT == 4
alias Stored = vec4f;
//: include "rectified" T = "vec4f", I = "vec4i"
//: else
alias Stored = f32;
//: include "rectified" T = "f32", I = "i32"
//: end
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Loaded>;
@group(0) @binding(2) var<uniform> w: array<vec2<u64>, 4096>;
@group(0) @binding(3) var<storage, read_write> y: array<Stored>;
@group(0) @binding(4) var<storage, read> bias: array<f32>;
@group(0) @binding(5) var<storage, read> residual: array<Stored>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) thread: vec3u, @builtin(workgroup_id) group: vec3u) {
  let lane = thread.x % ${SUBGROUP}u;
  // Surplus subgroups repeat the last tile: all lanes stay together.
  let id = min(thread.x / ${SUBGROUP}u, params.images * params.tiles - 1u);
  let tile = id % params.tiles;
  let image = id / params.tiles;
  let block = params.firstBlock + group.y;
  let convGroup = block / params.groupBlocks;
  let begin = tile * params.step + u32(params.first) + lane;
  //: if KR == KH && !ODD
  //: for v in 0..(M+R*W+VEC*SUBGROUP-1)/(VEC*SUBGROUP)
  let in${v} = begin + ${v*SUBGROUP}u < params.plane;
  //: end
  //: end
  //: if KR < KH
  var row = 0u;
  var place = begin;
  //: end
  var base = (image * params.allIn + convGroup * params.groupIn + params.firstIn) * params.plane;
  //: if !ODD
  base += begin;
  //: end
  //: for t in 0..T
  //: for r in 0..TY
  //: for c in 0..OW
  var a${t}_${r}_${c} = 0.0;
  //: end
  //: end
  //: end
  var wi = group.y * params.blockStride + lane;
  for (var i = 0u; i < params.inChannels * ${KH/KR}u; i++) {
    //: if ODD
    let isOdd = (base & 1u) == 1u;
    //: for v in 0..(R*W+2*SUBGROUP)/(2*SUBGROUP)
    let x${v} = wide2(x[(base >> 1u) + lane + ${v*SUBGROUP}u]);
    let even${v} = select(x${v}.x, x${v}.y, isOdd);
    //: end
    //: else
    //: for v in 0..(M+R*W+VEC*SUBGROUP-1)/(VEC*SUBGROUP)
    //: if KR < KH
    let in${v} = place + ${v*SUBGROUP}u < params.plane;
    //: end
    let l${v} = x[base + ${v*SUBGROUP}u];
    //: for h in 0..(VEC+3)/4
    let x${v}_${h} = select(Part(), part(l${v}, ${h}u), in${v});
    //: end
    //: end
    //: end
    //: for e in 0..(T*KR*KW+3)/4
    let w${e} = wide4(w[wi + ${e*SUBGROUP}u]);
    //: end
    //: for q in 0..R
    //: for c in 0..W
    //: for f in M+q*W+c..M+q*W+c+1
    //: if ODD
    //: if f % 2 == 0
    let p${q}_${c} = subgroupBroadcast(even${f/(2*SUBGROUP)}, ${f/2%SUBGROUP}u);
    //: else
    let p${q}_${c} = select(
      subgroupBroadcast(x${f/(2*SUBGROUP)}.y, ${f/2%SUBGROUP}u),
      subgroupBroadcast(x${(f+1)/(2*SUBGROUP)}.x, ${(f+1)/2%SUBGROUP}u),
      isOdd,
    );
    //: end
    //: else
    //: if VEC == 1
    let p${q}_${c} = subgroupBroadcast(x${f/SUBGROUP}_0, ${f%SUBGROUP}u);
    //: else
    let p${q}_${c} = subgroupBroadcast(x${f/(VEC*SUBGROUP)}_${f%VEC/4}[${f%VEC%4}], ${f/VEC%SUBGROUP}u);
    //: end
    //: end
    //: end
    //: end
    //: end
    //: for r in 0..TY
    //: for b in 0..(OW+3)/4
    //: for ky in 0..KR
    //: for kx in 0..KW
    //: for t in 0..T
    //: for e in t*KR*KW+ky*KW+kx..t*KR*KW+ky*KW+kx+1
    //: for c in b*4..(b*4+4<OW?b*4+4:OW)
    //: if GRAD
    //: if (r+PY-ky) % S == 0 && (r+PY-ky)/S >= R0 && (r+PY-ky)/S < R0+R && (c+PX-kx) % S == 0 && c+PX-kx >= 0 && (c+PX-kx)/S < W
    a${t}_${r}_${c} += w${e/4}[${e%4}] * p${(r+PY-ky)/S-R0}_${(c+PX-kx)/S};
    //: end
    //: else
    //: if r*S+ky-PY >= R0 && r*S+ky-PY < R0+R && c*S+kx-PX >= 0 && c*S+kx-PX < W
    a${t}_${r}_${c} += w${e/4}[${e%4}] * p${r*S+ky-PY-R0}_${c*S+kx-PX};
    //: end
    //: end
    //: end
    //: end
    //: end
    //: end
    //: end
    //: end
    //: end
    //: if KR == KH
    base += params.plane;
    //: else
    let isLast = row == ${KH-1}u;
    row = select(row + 1u, 0u, isLast);
    place = select(place + ${W/VEC}u, begin, isLast);
    base += select(${W/VEC}u, params.plane - ${(KH-1)*W/VEC}u, isLast);
    //: end
    wi += ${(T*KR*KW+3)/4*SUBGROUP}u;
  }
  //: if ACC
  // Surplus subgroups must not add twice.
  if (thread.x / ${SUBGROUP}u != id) { return; }
  //: end
  let start = tile * ${TY*OW/VOUT}u;
  let biased = (params.epilogue & 1u) != 0u;
  let added = (params.epilogue & 2u) != 0u;
  let rectifies = (params.epilogue & 4u) != 0u;
  // Stored in loops: every store is code for each lane of a CPU, and unrolled they take longer to compile than all of the sums.
  var sums: array<Stored, ${T*TY*OW/VOUT}>;
  //: for t in 0..T
  //: for s in 0..TY*OW/VOUT
  sums[${t*(TY*OW/VOUT)+s}] =
  //: if VOUT == 4
    vec4f(
      //: for l in s*4..s*4+4
      a${t}_${l/OW}_${l%OW},
      //: end
    );
  //: else
    a${t}_${s/OW}_${s%OW};
  //: end
  //: end
  //: end
  let stores = min(${TY*OW/VOUT}u, params.outPlane - start);
  let firstOut = (block % params.groupBlocks) * ${T*SUBGROUP}u + lane;
  let channels = min(${T}u, (max(params.groupOut, firstOut) - firstOut + ${SUBGROUP-1}u) / ${SUBGROUP}u);
  for (var t = 0u; t < channels; t++) {
    let channel = firstOut + t * ${SUBGROUP}u;
    let at = (image * params.allOut + convGroup * params.groupOut + channel) * params.outPlane + start;
    var b = 0.0;
    if (biased) { b = bias[convGroup * params.groupOut + channel]; }
    for (var s = 0u; s < stores; s++) {
      var sum = sums[t * ${TY*OW/VOUT}u + s] + b;
      //: if ACC
      sum += y[at + s];
      //: end
      if (added) { sum += residual[at + s]; }
      if (rectifies) { sum = rectified(sum); }
      y[at + s] = sum;
    }
  }
}
