// dx = sum over the windows that reach here of dy / their number of elements; the windows of avg_pool2d.wgsl.
// E, f32 or f16; dx: [planes, height, width], dy: [planes, outHeight, outWidth].
// Dispatch: one thread an element of dx, groups of 8 x 2 x 4 (planes); with fewer groups each takes several planes.
// Template: E, ADAPTIVE, RY, RX (bounds of the loops over windows), CEIL (the last windows may reach past the padding).
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
  reachY: u32,
  reachX: u32,
  wholeWindow: u32,
  //: end
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<${E}>;
@group(0) @binding(2) var<storage, read_write> dx: array<${E}>;

// Elements of window o in one direction.
//: if ADAPTIVE
fn extent(o: u32, size: u32, out: u32) -> u32 {
  return ((o + 1u) * size + out - 1u) / out - o * size / out;
}
//: else
fn extent(o: u32, size: u32, kernel: u32, stride: u32, pad: u32) -> u32 {
  return min(o * stride + kernel - pad, size) - (max(o * stride, pad) - pad);
}

// Whole quotient of coordinates, exact below two million; integer division is slow on adapters that run on the CPU.
fn quotient(n: u32, d: u32) -> u32 { return u32((f32(n) + 0.5) / f32(d)); }
//: end

@compute @workgroup_size(8, 2, 4)
fn main(
  @builtin(global_invocation_id) thread: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let ix = thread.x;
  let iy = thread.y;
  if (ix >= params.width || iy >= params.height) { return; }
  //: if ADAPTIVE
  let fromY = iy * params.outHeight / params.height;
  let fromX = ix * params.outWidth / params.width;
  let toY = ((iy + 1u) * params.outHeight + params.height - 1u) / params.height;
  let toX = ((ix + 1u) * params.outWidth + params.width - 1u) / params.width;
  //: else
  // The last windows that start at or before here; reach is how many of them can hold an element.
  let py = iy + params.padY;
  let px = ix + params.padX;
  let lastY = min(quotient(py, params.strideY), params.outHeight - 1u);
  let lastX = min(quotient(px, params.strideX), params.outWidth - 1u);
  let factor = select(1.0, 1.0 / f32(params.kernelY * params.kernelX), params.wholeWindow == 1u);
  //: end
  for (var plane = thread.z; plane < params.planes; plane += 4u * groups.z) {
    var sum = 0.0;
    //: if ADAPTIVE
    for (var oy = fromY; oy < toY; oy++) {
      for (var ox = fromX; ox < toX; ox++) {
        let many = extent(oy, params.height, params.outHeight) * extent(ox, params.width, params.outWidth);
        sum += f32(dy[(plane * params.outHeight + oy) * params.outWidth + ox]) / f32(many);
      }
    }
    //: else
    // All threads loop alike; numbers below zero wrap round to huge ones.
    for (var j = 0u; j < ${RY}; j++) {
      let oy = lastY - j;
      let reachedY = (oy <= lastY) & (oy * params.strideY + params.kernelY > py);
      for (var i = 0u; i < ${RX}; i++) {
        let ox = lastX - i;
        let reached = reachedY & (ox <= lastX) & (ox * params.strideX + params.kernelX > px);
        var value = f32(dy[(plane * params.outHeight + oy) * params.outWidth + ox]) * factor;
        if (params.wholeWindow == 0u) {
          value /= f32(extent(oy, params.height, params.kernelY, params.strideY, params.padY) *
            extent(ox, params.width, params.kernelX, params.strideX, params.padX));
        }
        //: if CEIL
        // Of a window that reaches past the padding only the part before its end counts.
        let wholeY = min(params.kernelY, params.height + 2u * params.padY - oy * params.strideY);
        let wholeX = min(params.kernelX, params.width + 2u * params.padX - ox * params.strideX);
        value *= select(1.0, f32(params.kernelY * params.kernelX) / f32(wholeY * wholeX), params.wholeWindow == 1u);
        //: end
        sum += select(0.0, value, reached);
      }
    }
    //: end
    dx[(plane * params.height + iy) * params.width + ix] = ${E}(sum);
  }
}
