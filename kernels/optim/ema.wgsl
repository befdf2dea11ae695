// averages += rest * (values - averages), blocks of 1024 elements. float32.
// Dispatch: one workgroup a block: 64 threads, four vec4 each.
struct Params { rest: f32 } // 1 - decay, rounded once
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> values: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> averages: array<vec4f>;

//: include "blocks" OUT = "averages"
fn each(i: u32) { averages[i] += params.rest * (values[i] - averages[i]); }
