// y[n] = T^2 (alpha TCKD + beta NCKD) of every row, with the soft-maxes p, q of student / T and teacher / T: TCKD is the
// divergence of (q_label, rest of q) from (p_label, rest of p), whose logarithms are of 1e-5 more; NCKD that of the other
// classes, normalised among themselves.
// student, teacher: float32 [samples, classes]; labels: int32 [samples], out of range makes y NaN; y: float32 [samples];
// stats: float32 [samples] vec4: log of the sum of exp(x / T) over all and over the other classes, of student and teacher.
// Dispatch: one group for ROWS samples, LANES threads a sample. Template: LANES, ROWS.
struct Params { samples: u32, classes: u32, scale: f32, alpha: f32, beta: f32, nan: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> student: array<f32>;
@group(0) @binding(2) var<storage, read> teacher: array<f32>;
@group(0) @binding(3) var<storage, read> labels: array<u32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
@group(0) @binding(5) var<storage, read_write> stats: array<vec4f>;

alias Lane = vec2f;
//: include "lanes"
//: include "join_lanes" NAME = "lanesSum", JOIN = "a + b"
//: include "join_lanes" NAME = "lanesMax", JOIN = "max(a, b)"

//: include "rows"
fn eachRow(n: u32, lane: u32, thread: u32) {
  let safe = min(n, params.samples - 1u);
  let row = safe * params.classes;
  let label = labels[safe];

  var largest = vec2f(-3.4e38);
  for (var j = lane; j < params.classes; j += ${LANES}u) {
    if (j != label) { largest = max(largest, vec2f(student[row + j], teacher[row + j]) * params.scale); }
  }
  largest = lanesMax(largest, thread);

  // In blocks: a long sum of like numbers loses digits when they are added one by one.
  let block = ${LANES * 1024}u;
  var sums = vec2f(0.0);
  for (var start = lane; start < params.classes; start += block) {
    var some = vec2f(0.0);
    for (var j = start; j < min(start + block, params.classes); j += ${LANES}u) {
      if (j != label) { some += exp(vec2f(student[row + j], teacher[row + j]) * params.scale - largest); }
    }
    sums += some;
  }
  sums = lanesSum(sums, thread);

  let others = largest + log(sums);
  var divergence = 0.0;
  for (var start = lane; start < params.classes; start += block) {
    var some = 0.0;
    for (var j = start; j < min(start + block, params.classes); j += ${LANES}u) {
      if (j != label) {
        let logs = vec2f(student[row + j], teacher[row + j]) * params.scale - others;
        some += exp(logs.y) * (logs.y - logs.x);
      }
    }
    divergence += some;
  }
  divergence = lanesSum(vec2f(divergence, 0.0), thread).x;
  if (lane == 0u && n < params.samples) {
    let hit = min(label, params.classes - 1u);
    let own = vec2f(student[row + hit], teacher[row + hit]) * params.scale;
    let top = max(own, others);
    let all = top + log(exp(own - top) + exp(others - top));
    let log_own = own - all;
    let log_rest = others - all;
    let tckd = exp(log_own.y) * (log_own.y - log(exp(log_own.x) + 1e-5)) +
      exp(log_rest.y) * (log_rest.y - log(exp(log_rest.x) + 1e-5));
    let value = (params.alpha * tckd + params.beta * divergence) / (params.scale * params.scale);
    y[n] = select(params.nan, value, label < params.classes);
    stats[n] = vec4f(all.x, others.x, all.y, others.y);
  }
}
