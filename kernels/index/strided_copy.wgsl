// y[yStart + sum of index yStrides] = x[xStart + sum of index xStrides], over RANK dimensions
// x, y: elements of 32 or 16 bits, read as X and T: u32 or f16, vec4 of them when rows are whole vec4; X stays the
// scalar when each element of x is repeated along a row. Sizes n and strides y are in elements of T, strides x in
// elements of X; total is the product of the sizes.
// Dispatch: 64 threads a workgroup, four T each.
struct Params {
  total: u32, xStart: u32, yStart: u32,
//: for d in 0..RANK
  n${d}: u32, x${d}: u32, y${d}: u32,
//: end
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<${X}>;
@group(0) @binding(2) var<storage, read_write> y: array<${T}>;

//: include "blocks" OUT = "y"
fn each(i: u32) {
  if (i >= params.total) { return; }
  var rest = i;
  var xi = params.xStart;
  var yi = params.yStart;
//: for k in 1..RANK
  let q${k} = rest / params.n${RANK - k};
  let at${k} = rest - q${k} * params.n${RANK - k};
  xi += at${k} * params.x${RANK - k};
  yi += at${k} * params.y${RANK - k};
  rest = q${k};
//: end
  y[yi + rest * params.y0] = ${T}(x[xi + rest * params.x0]);
}
