// Exchanges the contents of two buffers, blocks of 1024 elements. float32.
// Dispatch: one workgroup a block: 64 threads, four vec4 each.
@group(0) @binding(0) var<storage, read_write> one: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> other: array<vec4f>;

//: include "blocks" OUT = "one"
fn each(i: u32) {
  let value = one[i];
  one[i] = other[i];
  other[i] = value;
}
