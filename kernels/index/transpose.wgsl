// y[b, c, r] = x[b, r, c] for rows and columns that are multiples of four
// x, y: elements of 32 or 16 bits, four of them a T: vec4u or vec4<f16>. rows and columns count vec4. A thread transposes a tile of 4 x 4.
// Dispatch: 64 threads a workgroup, tiles = batch rows columns, along columns first.
struct Params { rows: u32, columns: u32, tiles: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<${T}>;
@group(0) @binding(2) var<storage, read_write> y: array<${T}>;

//: include "grid" GROUP = "64u"
fn each(tile: u32) {
  if (tile >= params.tiles) { return; }
  let column = tile % params.columns;
  let row = tile / params.columns % params.rows;
  let plane = tile / params.columns / params.rows * params.rows * params.columns * 4u;
  let source = plane + row * 4u * params.columns + column;
  let goal = plane + column * 4u * params.rows + row;
  let a = x[source];
  let b = x[source + params.columns];
  let c = x[source + 2u * params.columns];
  let d = x[source + 3u * params.columns];
  y[goal] = ${T}(a.x, b.x, c.x, d.x);
  y[goal + params.rows] = ${T}(a.y, b.y, c.y, d.y);
  y[goal + 2u * params.rows] = ${T}(a.z, b.z, c.z, d.z);
  y[goal + 3u * params.rows] = ${T}(a.w, b.w, c.w, d.w);
}
