// mask[r, c] = sign of x[r, c] where |x[r, c]| is the largest of its column, else 0
// x, mask: float32 [count, rows, columns]. Dispatch: one thread a column, groups of 64.
struct Params { count: u32, rows: u32, columns: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> mask: array<f32>;

//: include "grid" GROUP = "64u"
fn each(column: u32) {
  if (column >= params.count * params.columns) { return; }
  let matrix = column / params.columns;
  let first = matrix * params.rows * params.columns + column % params.columns;
  var largest = 0.0;
  for (var r = 0u; r < params.rows; r++) {
    largest = max(largest, abs(x[first + r * params.columns]));
  }
  for (var r = 0u; r < params.rows; r++) {
    let value = x[first + r * params.columns];
    mask[first + r * params.columns] = select(0.0, sign(value), abs(value) == largest);
  }
}
