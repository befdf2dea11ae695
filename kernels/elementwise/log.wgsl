// y = ln x
// x, y: float32. Whole blocks of 1024: one workgroup a block, 64 threads, four vec4 each.
@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;

//: include "blocks" OUT = "y"
fn each(i: u32) {
  y[i] = log(x[i]);
}
