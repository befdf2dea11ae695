// memory[i, :] = m / |m| with m = momentum memory[i, :] + (1 - momentum) v[n, :] and i = index[n]. Where samples share a
// row, the last of them has it. float32; memory: [rows, dim], v: [samples, dim]; index: int32 [samples].
// Dispatch: a group of 64 threads a sample.
struct Params { samples: u32, dim: u32, momentum: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> v: array<f32>;
@group(0) @binding(2) var<storage, read> index: array<u32>;
@group(0) @binding(3) var<storage, read_write> memory: array<f32>;

alias Lane = f32;
//: include "lanes" LANES = 64, ROWS = 1
//: include "join_lanes" NAME = "lanesSum", JOIN = "a + b", LANES = 64, ROWS = 1

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let n = group.x;
  let row = index[n];
  for (var later = n + 1u; later < params.samples; later++) {
    if (index[later] == row) { return; }
  }
  var squares = 0.0;
  for (var d = thread; d < params.dim; d += 64u) {
    let moved = params.momentum * memory[row * params.dim + d] + (1.0 - params.momentum) * v[n * params.dim + d];
    squares += moved * moved;
  }
  let scale = 1.0 / sqrt(lanesSum(squares, thread));
  for (var d = thread; d < params.dim; d += 64u) {
    let at = row * params.dim + d;
    memory[at] = (params.momentum * memory[at] + (1.0 - params.momentum) * v[n * params.dim + d]) * scale;
  }
}
