// gradients *= clip[1], blocks of 1024 elements; nothing is done where that is 1. float32.
// Dispatch: one workgroup a block: 64 threads, four vec4 each.
@group(0) @binding(0) var<storage, read> clip: array<f32>;
@group(0) @binding(1) var<storage, read_write> gradients: array<vec4f>;

//: include "blocks" OUT = "gradients"
fn each(i: u32) {
  if (clip[1] != 1.0) { gradients[i] *= clip[1]; }
}
