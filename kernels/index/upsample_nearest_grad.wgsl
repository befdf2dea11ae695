// dx[p, h, w] = sum of dy over the scale x scale elements that copy x[p, h, w]
// dx: [planes, height, width], dy: [planes, height scale, width scale]; E, f32 or f16.
// Dispatch: 64 threads a workgroup, one element of dx each.
struct Params { total: u32, width: u32, scale: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<${E}>;
@group(0) @binding(2) var<storage, read_write> dx: array<${E}>;

//: include "grid" GROUP = "64u"
fn each(e: u32) {
  if (e >= params.total) { return; }
  let yWidth = params.width * params.scale;
  let corner = e / params.width * params.scale * yWidth + e % params.width * params.scale;
  var sum = 0.0;
  for (var h = 0u; h < params.scale; h++) {
    for (var w = 0u; w < params.scale; w++) {
      sum += f32(dy[corner + h * yWidth + w]);
    }
  }
  dx[e] = ${E}(sum);
}
