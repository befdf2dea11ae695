// sum += other
// sum, other: E, f32 or f16. Whole blocks of 1024: one workgroup a block, 64 threads, four vec4 each.
@group(0) @binding(0) var<storage, read> other: array<vec4<${E}>>;
@group(0) @binding(1) var<storage, read_write> sum: array<vec4<${E}>>;

//: include "blocks" OUT = "sum"
fn each(i: u32) {
  sum[i] = vec4<${E}>(vec4f(sum[i]) + vec4f(other[i]));
}
