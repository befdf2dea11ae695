// The middle of the gradient of an eigen-decomposition, dx = v core v^T: for p = v^T dv
//   core[i, j] = p[i, j] / (values[j] - values[i]), and dvalues[i] on the diagonal
// but 0 where the two values are one to float32, since their vectors are not determined then.
// p, core: float32 [count, n, n]; values: [count, n]; dvalues: [count, n], counted when `with_values`.
// Dispatch: one thread an element, groups of 64.
struct Params { count: u32, n: u32, with_values: u32, with_vectors: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> p: array<f32>;
@group(0) @binding(2) var<storage, read> values: array<f32>;
@group(0) @binding(3) var<storage, read> dvalues: array<f32>;
@group(0) @binding(4) var<storage, read_write> core: array<f32>;

const EPSILON = 1.1920929e-7;

//: include "grid" GROUP = "64u"
fn each(e: u32) {
  let n = params.n;
  if (e >= params.count * n * n) { return; }
  let row = e / n;
  let i = row % n;
  let j = e % n;
  if (i == j) {
    core[e] = select(0.0, dvalues[row], params.with_values != 0u);
    return;
  }
  let own = values[row];
  let other = values[row - i + j];
  let gap = other - own;
  let alike = abs(gap) <= EPSILON * max(abs(own), abs(other));
  core[e] = select(p[e] / select(gap, 1.0, alike), 0.0, alike || params.with_vectors == 0u);
}
