// y = the largest x of every window, where[.] = its place in the plane: the first of equals, the last NaN if there is one. x, y: E, f32 or f16
// [planes, height, width], [planes, outHeight, outWidth]; where: uint32 as y, only when WHERE. Padding is never largest.
// Dispatch: one thread an element of y, groups of 8 x 2 x 4 (planes); with fewer groups each takes several planes.
// Template: E, WHERE, KY, KX (bounds of the loops over a window).
struct Params {
  planes: u32,
  height: u32,
  width: u32,
  outHeight: u32,
  outWidth: u32,
  kernelY: u32,
  kernelX: u32,
  strideY: u32,
  strideX: u32,
  padY: u32,
  padX: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<${E}>;
@group(0) @binding(2) var<storage, read_write> y: array<${E}>;
//: if WHERE
@group(0) @binding(3) var<storage, read_write> where_: array<u32>;
//: end

//: include "nan" T = "f32", U = "u32", B = "bool"

@compute @workgroup_size(8, 2, 4)
fn main(
  @builtin(global_invocation_id) thread: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let ox = thread.x;
  let oy = thread.y;
  if (ox >= params.outWidth || oy >= params.outHeight) { return; }
  for (var plane = thread.z; plane < params.planes; plane += 4u * groups.z) {
    let first = plane * params.height * params.width;
    var best = 0u;
    var largest = ${E}(0.0);
    var hasNan = false;
    for (var ky = 0u; ky < ${KY}; ky++) {
      // Padding reads the border, which is in the window too. All threads loop alike.
      let iy = min(max(oy * params.strideY + ky, params.padY) - params.padY, params.height - 1u);
      for (var kx = 0u; kx < ${KX}; kx++) {
        let ix = min(max(ox * params.strideX + kx, params.padX) - params.padX, params.width - 1u);
        let at = iy * params.width + ix;
        let value = x[first + at];
        let nan = isNan(f32(value));
        let better = (!hasNan & (value > largest)) | nan | (ky + kx == 0u);
        hasNan |= nan;
        best = select(best, at, better);
        largest = select(largest, value, better);
      }
    }
    let out = (plane * params.outHeight + oy) * params.outWidth + ox;
    y[out] = largest;
    //: if WHERE
    where_[out] = best;
    //: end
  }
}
