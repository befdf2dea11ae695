// sums += weight.x * gradients, blocks of 1024 elements; weight is read from memory so that it may change between replays.
// float32. Dispatch: one workgroup a block: 64 threads, four vec4 each.
@group(0) @binding(0) var<uniform> weight: vec4f;
@group(0) @binding(1) var<storage, read> gradients: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> sums: array<vec4f>;

//: include "blocks" OUT = "sums"
fn each(i: u32) { sums[i] += weight.x * gradients[i]; }
