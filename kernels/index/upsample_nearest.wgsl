// y[p, h, w] = x[p, h / scale, w / scale], rounded down
// x: [planes, height, width], y: [planes, height scale, width scale]; E, f32 or f16.
// Dispatch: 64 threads a workgroup, four elements of y each; writes past the end stay in y's padding.
struct Params { width: u32, scale: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<${E}>;
@group(0) @binding(2) var<storage, read_write> y: array<${E}>;

//: include "blocks" OUT = "y"
fn each(e: u32) {
  let yWidth = params.width * params.scale;
  // The height is a multiple of scale, so rows of all planes can be counted through.
  y[e] = x[e / yWidth / params.scale * params.width + e % yWidth / params.scale];
}
