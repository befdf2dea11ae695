// y[i, c] = 1 where c = index[i], else 0
// index: int32 [rows]; y: float32 [rows, classes]. Dispatch: 64 threads a workgroup, four elements each;
// writes past the end stay in y's padding.
struct Params { classes: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> index: array<i32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

//: include "blocks" OUT = "y"
fn each(e: u32) {
  y[e] = select(0.0, 1.0, index[e / params.classes] == i32(e % params.classes));
}
