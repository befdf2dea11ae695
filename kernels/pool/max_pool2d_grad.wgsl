// dx = sum of dy over the windows whose largest element is here. dx: E, f32 or f16, [planes, height, width],
// dy: E, where: uint32 [planes, outHeight, outWidth].
// Dispatch: one thread an element of dx, groups of 8 x 2 x 4 (planes); with fewer groups each takes several planes.
// Template: E, RY, RX (bounds of the loops over windows).
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
  reachY: u32,
  reachX: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<${E}>;
@group(0) @binding(2) var<storage, read> where_: array<u32>;
@group(0) @binding(3) var<storage, read_write> dx: array<${E}>;

// Whole quotient of coordinates, exact below two million; integer division is slow on adapters that run on the CPU.
fn quotient(n: u32, d: u32) -> u32 { return u32((f32(n) + 0.5) / f32(d)); }

@compute @workgroup_size(8, 2, 4)
fn main(
  @builtin(global_invocation_id) thread: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let ix = thread.x;
  let iy = thread.y;
  if (ix >= params.width || iy >= params.height) { return; }
  // The last windows that start at or before here; reach is how many of them can hold an element.
  let py = iy + params.padY;
  let px = ix + params.padX;
  let lastY = min(quotient(py, params.strideY), params.outHeight - 1u);
  let lastX = min(quotient(px, params.strideX), params.outWidth - 1u);
  let at = iy * params.width + ix;
  for (var plane = thread.z; plane < params.planes; plane += 4u * groups.z) {
    let first = plane * params.outHeight * params.outWidth;
    var sum = 0.0;
    // All threads loop alike; numbers below zero wrap round to huge ones.
    for (var j = 0u; j < ${RY}; j++) {
      let oy = lastY - j;
      let reachedY = (oy <= lastY) & (oy * params.strideY + params.kernelY > py);
      for (var i = 0u; i < ${RX}; i++) {
        let ox = lastX - i;
        let reached = reachedY & (ox <= lastX) & (ox * params.strideX + params.kernelX > px);
        let o = first + oy * params.outWidth + ox;
        sum += select(0.0, f32(dy[o]), reached & (where_[o] == at));
      }
    }
    dx[plane * params.height * params.width + at] = ${E}(sum);
  }
}
