// dx = dy sign(x), 0 where x = 0
// x, dy, dx: float32. Whole blocks of 1024: one workgroup a block, 64 threads, four vec4 each.
@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> dx: array<vec4f>;

//: include "blocks" OUT = "dx"
fn each(i: u32) {
  dx[i] = dy[i] * sign(x[i]);
}
