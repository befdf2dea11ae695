// Eigenvalues and eigenvectors of symmetric matrices by Jacobi's rotations, in the parallel order: a round pairs every
// row with another and turns all pairs at once, m - 1 rounds (m: n, or n + 1 where odd) pair all rows, a sweep.
//   a = J^T a J, v = v J with a pair's J making a[p, q] = 0, until a is diagonal; values in rising order, and every
//   vector with a sum of its components that is not negative.
// x: float32 [count, n, n], values: [count, n], vectors: [count, n, n] with a vector a column; a, v: scratch of
// [count, n, n]. Dispatch: a workgroup of 64 threads a matrix. n is at most 256.
struct Params { count: u32, n: u32, sweeps: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> a: array<f32>;
@group(0) @binding(3) var<storage, read_write> v: array<f32>;
@group(0) @binding(4) var<storage, read_write> values: array<f32>;
@group(0) @binding(5) var<storage, read_write> vectors: array<f32>;

// By the angle of sine s, with tau the tangent of its half: x - s (y + tau x) rounds less than c x - s y.
struct Rotation { p: u32, q: u32, s: f32, tau: f32 }
var<workgroup> rotations: array<Rotation, 128>;

// A quarter of float32's precision.
const SMALL = 3.0e-8;

// x and y turned.
fn turned(x: f32, y: f32, by: Rotation) -> vec2f {
  return vec2f(x - by.s * (y + by.tau * x), y + by.s * (x - by.tau * y));
}

// The pair of a round: on a circle of m - 1 rows, opposite ones; the last row with the one that is left.
fn pair(round: u32, k: u32, m: u32) -> vec2u {
  if (k == 0u) { return vec2u(round, m - 1u); }
  let first = (round + k) % (m - 1u);
  let second = (round + m - 1u - k) % (m - 1u);
  return vec2u(min(first, second), max(first, second));
}

// What makes a[p, q] zero; nothing where it is beside its diagonal, or where a pair lacks its second row.
fn rotation(base: u32, rows: vec2u) -> Rotation {
  let n = params.n;
  if (rows.y >= n) { return Rotation(rows.x, rows.y, 0.0, 0.0); }
  let off = a[base + rows.x * n + rows.y];
  let first = a[base + rows.x * n + rows.x];
  let second = a[base + rows.y * n + rows.y];
  if (abs(off) <= SMALL * sqrt(abs(first)) * sqrt(abs(second))) {
    return Rotation(rows.x, rows.y, 0.0, 0.0);
  }
  let theta = 0.5 * (second - first) / off;
  let t = select(1.0, -1.0, theta < 0.0) / (abs(theta) + sqrt(1.0 + theta * theta));
  let c = inverseSqrt(1.0 + t * t);
  return Rotation(rows.x, rows.y, t * c, t * c / (1.0 + c));
}

// The elements where the rows of one pair meet the columns of another; zeros where there is none.
fn turn_block(base: u32, r: Rotation, k: Rotation, same: bool) {
  let n = params.n;
  let has = vec2<bool>(r.q < n, k.q < n);
  let top = base + r.p * n;
  let bottom = base + r.q * n;
  var b = vec4f(a[top + k.p], 0.0, 0.0, 0.0);
  if (has.y) { b.y = a[top + k.q]; }
  if (has.x) { b.z = a[bottom + k.p]; }
  if (has.x && has.y) { b.w = a[bottom + k.q]; }
  b = vec4f(turned(b.x, b.y, k), turned(b.z, b.w, k));
  let left = turned(b.x, b.z, r);
  let right = turned(b.y, b.w, r);
  let zero = same && r.s != 0.0;
  a[top + k.p] = left.x;
  if (has.y) { a[top + k.q] = select(right.x, 0.0, zero); }
  if (has.x) { a[bottom + k.p] = select(left.y, 0.0, zero); }
  if (has.x && has.y) { a[bottom + k.q] = right.y; }
}

fn turn_vectors(base: u32, row: u32, k: Rotation) {
  if (k.q >= params.n) { return; }
  let at = base + row * params.n;
  let both = turned(v[at + k.p], v[at + k.q], k);
  v[at + k.p] = both.x;
  v[at + k.q] = both.y;
}

// Writes a value and its vector to their place in rising order.
fn place(matrix: u32, base: u32, column: u32) {
  let n = params.n;
  let value = a[base + column * n + column];
  var rank = 0u;
  var sum = 0.0;
  for (var i = 0u; i < n; i++) {
    let other = a[base + i * n + i];
    // By their columns where they are equal, or NaN.
    if (other < value || (!(other > value) && i < column)) { rank++; }
    sum += v[base + i * n + column];
  }
  values[matrix * n + rank] = value;
  let sign = select(1.0, -1.0, sum < 0.0);
  for (var i = 0u; i < n; i++) {
    vectors[base + i * n + rank] = sign * v[base + i * n + column];
  }
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let matrix = group.x + group.y * groups.x;
  if (matrix >= params.count) { return; }
  let n = params.n;
  let base = matrix * n * n;
  for (var e = thread; e < n * n; e += 64u) {
    a[base + e] = x[base + e];
    v[base + e] = select(0.0, 1.0, e / n == e % n);
  }
  let m = n + n % 2u;
  let pairs = m / 2u;
  for (var turn = 0u; turn < params.sweeps * (m - 1u); turn++) {
    storageBarrier();
    workgroupBarrier();
    for (var k = thread; k < pairs; k += 64u) {
      rotations[k] = rotation(base, pair(turn % (m - 1u), k, m));
    }
    workgroupBarrier();
    for (var e = thread; e < pairs * pairs; e += 64u) {
      turn_block(base, rotations[e / pairs], rotations[e % pairs], e / pairs == e % pairs);
    }
    for (var e = thread; e < n * pairs; e += 64u) {
      turn_vectors(base, e / pairs, rotations[e % pairs]);
    }
  }
  storageBarrier();
  for (var column = thread; column < n; column += 64u) { place(matrix, base, column); }
}
