// y = the mean of x over every window. E, f32 or f16: [planes, height, width] to [planes, outHeight, outWidth].
// ADAPTIVE 0: windows of kernelY x kernelX every stride, the padding counts as zeros (wholeWindow 1) or not (0).
// ADAPTIVE 1: window o is elements floor(o * size / out) to ceil((o + 1) * size / out) in both directions.
// Dispatch: one thread an element of y, groups of 8 x 2 x 4 (planes); with fewer groups each takes several planes.
// Template: E, ADAPTIVE, KY, KX (bounds of the loops over a window), CEIL (the last windows may reach past the padding).
struct Params {
  planes: u32,
  height: u32,
  width: u32,
  outHeight: u32,
  outWidth: u32,
  //: if !ADAPTIVE
  kernelY: u32,
  kernelX: u32,
  strideY: u32,
  strideX: u32,
  padY: u32,
  padX: u32,
  wholeWindow: u32,
  //: end
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<${E}>;
@group(0) @binding(2) var<storage, read_write> y: array<${E}>;

@compute @workgroup_size(8, 2, 4)
fn main(
  @builtin(global_invocation_id) thread: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let ox = thread.x;
  let oy = thread.y;
  if (ox >= params.outWidth || oy >= params.outHeight) { return; }
  //: if ADAPTIVE
  let fromY = oy * params.height / params.outHeight;
  let fromX = ox * params.width / params.outWidth;
  let toY = ((oy + 1u) * params.height + params.outHeight - 1u) / params.outHeight;
  let toX = ((ox + 1u) * params.width + params.outWidth - 1u) / params.outWidth;
  let many = (toY - fromY) * (toX - fromX);
  //: else
  let fromY = max(oy * params.strideY, params.padY) - params.padY;
  let fromX = max(ox * params.strideX, params.padX) - params.padX;
  let toY = min(oy * params.strideY + params.kernelY - params.padY, params.height);
  let toX = min(ox * params.strideX + params.kernelX - params.padX, params.width);
  //: if CEIL
  // Of a window that reaches past the padding only the part before its end counts.
  let wholeY = min(params.kernelY, params.height + 2u * params.padY - oy * params.strideY);
  let wholeX = min(params.kernelX, params.width + 2u * params.padX - ox * params.strideX);
  //: else
  let wholeY = params.kernelY;
  let wholeX = params.kernelX;
  //: end
  let many = select((toY - fromY) * (toX - fromX), wholeY * wholeX, params.wholeWindow == 1u);
  //: end
  let factor = 1.0 / f32(many);
  for (var plane = thread.z; plane < params.planes; plane += 4u * groups.z) {
    let first = plane * params.height * params.width;
    var sum = 0.0;
    //: if ADAPTIVE
    for (var iy = fromY; iy < toY; iy++) {
      let row = first + iy * params.width;
      for (var at = row + fromX; at < row + toX; at++) { sum += f32(x[at]); }
    }
    //: else
    // All threads loop alike; in the padding the difference is past the end, or wraps round to a huge number.
    for (var ky = 0u; ky < ${KY}; ky++) {
      let iy = oy * params.strideY + ky - params.padY;
      for (var kx = 0u; kx < ${KX}; kx++) {
        let ix = ox * params.strideX + kx - params.padX;
        let value = f32(x[first + iy * params.width + ix]);
        sum += select(0.0, value, (iy < params.height) & (ix < params.width));
      }
    }
    //: end
    y[(plane * params.outHeight + oy) * params.outWidth + ox] = ${E}(sum * factor);
  }
}
