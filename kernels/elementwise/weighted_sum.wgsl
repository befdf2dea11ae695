// y = t0 w0 + t1 w1 + ..., in this order, of numbers: one float32 each. Dispatch: one thread. Template: COUNT (1 to 6).
struct Params { w0: f32, w1: f32, w2: f32, w3: f32, w4: f32, w5: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
//: for i in 0..COUNT
@group(0) @binding(${2 + i}) var<storage, read> t${i}: array<f32>;
//: end

@compute @workgroup_size(1)
fn main() {
  var sum = t0[0] * params.w0;
  //: for i in 1..COUNT
  sum += t${i}[0] * params.w${i};
  //: end
  y[0] = sum;
}
