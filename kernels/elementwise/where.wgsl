// y = a where condition is not zero, else b, element by element
// a, b, y: total elements of type T (u32 for those of 32 bits, or f16); a and b may be one element when ONE_A, ONE_B.
// condition: total elements of type C (f32, f16, i32, u32). Dispatch: 64 threads a workgroup, four elements each.
struct Params { total: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> condition: array<${C}>;
@group(0) @binding(2) var<storage, read> a: array<${T}>;
@group(0) @binding(3) var<storage, read> b: array<${T}>;
@group(0) @binding(4) var<storage, read_write> y: array<${T}>;

//: include "blocks" OUT = "y"
fn each(i: u32) {
  if (i >= params.total) { return; }
  //: if ONE_A
  let yes = a[0];
  //: else
  let yes = a[i];
  //: end
  //: if ONE_B
  let no = b[0];
  //: else
  let no = b[i];
  //: end
  y[i] = select(no, yes, condition[i] != ${C}(0));
}
