// Gradient of the Gaussian Wasserstein losses with respect to the student's features:
//   dx = sum over the windows that hold x of 2 scale (dmean_loss (mean - mean') / n
//        + dcov_loss (std - std') (x - mean) / ((n - 1) std))
// student, dx: E, f32 or f16, [planes, height, width]; stats as statistics.wgsl wrote it; dmean, dcov: one float32,
// counted when `with_mean`, `with_cov`. Dispatch: one thread for PER consecutive elements, groups of 64.
// Template: E.
struct Params {
  count: u32, height: u32, width: u32, grid: u32, scale: f32, with_mean: u32, with_cov: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> student: array<${E}>;
@group(0) @binding(2) var<storage, read> stats: array<vec4f>;
@group(0) @binding(3) var<storage, read> dmean: array<f32>;
@group(0) @binding(4) var<storage, read> dcov: array<f32>;
@group(0) @binding(5) var<storage, read_write> dx: array<${E}>;

override PER: u32 = 1u;

// n / d for n below 2^21, exact; integer division is done lane by lane on the CPU.
fn divide(n: u32, d: u32) -> u32 { return u32((f32(n) + 0.5) * (1.0 / f32(d))); }

// Elements of window i along a side.
fn extent(i: u32, size: u32) -> u32 {
  return divide((i + 1u) * size + params.grid - 1u, params.grid) - divide(i * size, params.grid);
}

// First and one past the last of the windows that hold position x of a side.
fn holders(x: u32, size: u32) -> vec2u {
  return vec2u(divide(x * params.grid, size), divide((x + 1u) * params.grid + size - 1u, size));
}

// dx = a + b x within a window of n elements: a, b.
fn line(known: vec4f, n: f32, weights: vec2f) -> vec2f {
  let slope = weights.y * known.w / ((n - 1.0) * known.y);
  return vec2f(weights.x * known.z / n - slope * known.x, slope);
}

//: include "grid" GROUP = "64u"
fn each(thread: u32) {
  let first = thread * PER;
  if (first >= params.count) { return; }
  let weights = 2.0 * params.scale * vec2f(
    select(0.0, dmean[0], params.with_mean != 0u),
    select(0.0, dcov[0], params.with_cov != 0u),
  );
  let area = params.height * params.width;
  let end = min(first + PER, params.count);
  if (params.grid == 1u) {
    var plane = first / area;
    var next = (plane + 1u) * area;
    var ab = line(stats[plane], f32(area), weights);
    for (var e = first; e < end; e++) {
      if (e == next) {
        plane++;
        next += area;
        ab = line(stats[plane], f32(area), weights);
      }
      dx[e] = ${E}(ab.x + ab.y * f32(student[e]));
    }
    return;
  }
  var plane = first / area;
  var place = first - plane * area;
  for (var e = first; e < end; e++) {
    let row = divide(place, params.width);
    let vertical = holders(row, params.height);
    let horizontal = holders(place - row * params.width, params.width);
    var ab = vec2f(0.0);
    for (var i = vertical.x; i < vertical.y; i++) {
      for (var j = horizontal.x; j < horizontal.y; j++) {
        let n = f32(extent(i, params.height) * extent(j, params.width));
        ab += line(stats[(plane * params.grid + i) * params.grid + j], n, weights);
      }
    }
    dx[e] = ${E}(ab.x + ab.y * f32(student[e]));
    place++;
    if (place == area) {
      place = 0u;
      plane++;
    }
  }
}
