// dx = dy y (1 - y), y = sigmoid(x)
// y, dy, dx: float32. Whole blocks of 1024: one workgroup a block, 64 threads, four vec4 each.
@group(0) @binding(0) var<storage, read> y: array<vec4f>;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> dx: array<vec4f>;

//: include "blocks" OUT = "dx"
fn each(i: u32) {
  let s = y[i];
  dx[i] = dy[i] * s * (1.0 - s);
}
