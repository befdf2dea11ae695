// y = bits, 32 bits an element
// y: whole blocks of 1024. One workgroup a block: 64 threads, four vec4 each.
struct Params { bits: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> y: array<vec4u>;

//: include "blocks" OUT = "y"
fn each(i: u32) {
  y[i] = vec4u(params.bits);
}
