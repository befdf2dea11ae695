// constants[slot] = mean[0] * rows, where it is negative: that is, the first time. float32.
// Dispatch: one thread.
struct Params { slot: u32, rows: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> mean: array<f32>;
@group(0) @binding(2) var<storage, read_write> constants: array<f32>;

@compute @workgroup_size(1)
fn main() {
  if (constants[params.slot] < 0.0) { constants[params.slot] = mean[0] * params.rows; }
}
