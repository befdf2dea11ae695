// y[p, h, w] = x[p, h - top, w - left] where that is inside of x, else value
// x: [planes, height, width], y: [planes, yHeight, yWidth]. value holds the bits of a u32, or of an f32 for T f16.
// Negative top and left crop. Dispatch: 64 threads a workgroup, four elements each. Template: T (u32, or f16 when HALF), HALF.
struct Params {
  total: u32, height: u32, width: u32, yHeight: u32, yWidth: u32, top: i32, left: i32, value: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<${T}>;
@group(0) @binding(2) var<storage, read_write> y: array<${T}>;

//: include "blocks" OUT = "y"
fn each(i: u32) {
  if (i >= params.total) { return; }
  let row = i / params.yWidth;
  let w = i32(i % params.yWidth) - params.left;
  let h = i32(row % params.yHeight) - params.top;
  let plane = row / params.yHeight;
//: if HALF
  var value = f16(bitcast<f32>(params.value));
//: else
  var value = params.value;
//: end
  if (h >= 0 && h < i32(params.height) && w >= 0 && w < i32(params.width)) {
    value = x[(plane * params.height + u32(h)) * params.width + u32(w)];
  }
  y[i] = value;
}
