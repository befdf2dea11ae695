// y[i, j] = sum of squares of block (i, j) of x. x: float32 [rows size, columns size]; y: float32 [rows, columns].
// Dispatch: one thread a block, groups of 8.
struct Params { rows: u32, columns: u32, size: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(8)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let block = (group.x + group.y * groups.x) * 8u + thread;
  if (block >= params.rows * params.columns) { return; }
  let width = params.columns * params.size;
  let origin = block / params.columns * params.size * width + block % params.columns * params.size;
  var total = 0.0;
  for (var r = 0u; r < params.size; r++) {
    var sum = 0.0;
    for (var c = 0u; c < params.size; c++) {
      let value = x[origin + r * width + c];
      sum += value * value;
    }
    total += sum;
  }
  y[block] = total;
}
