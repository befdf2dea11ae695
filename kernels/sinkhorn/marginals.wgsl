// The distributions WKD-L compares, and the loss on the labelled class:
//   p = softmax(student / T), q = softmax(teacher / T), over the other classes when `separated` (zero at the label);
//   term[n] = -softmax(teacher)[label] log softmax(student)[label], without temperature, when `separated`.
// student, teacher, p, q: float32 [samples, classes]; labels: int32 [samples]; term: float32 [samples];
// stats: float32 [samples] vec4: largest student logit, log of the sum of exp(student - largest),
// softmax(teacher)[label], 0. Dispatch: one group for ROWS samples, LANES threads a sample. Template: LANES, ROWS.
struct Params { samples: u32, classes: u32, separated: u32, scale: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> student: array<f32>;
@group(0) @binding(2) var<storage, read> teacher: array<f32>;
@group(0) @binding(3) var<storage, read> labels: array<i32>;
@group(0) @binding(4) var<storage, read_write> p: array<f32>;
@group(0) @binding(5) var<storage, read_write> q: array<f32>;
@group(0) @binding(6) var<storage, read_write> term: array<f32>;
@group(0) @binding(7) var<storage, read_write> stats: array<vec4f>;

alias Lane = vec4f;
//: include "lanes"
//: include "join_lanes" NAME = "lanesSum", JOIN = "a + b"
//: include "join_lanes" NAME = "lanesMax", JOIN = "max(a, b)"

//: include "rows"
fn eachRow(n: u32, lane: u32, thread: u32) {
  let row = min(n, params.samples - 1u) * params.classes;
  let label = select(params.classes, u32(labels[min(n, params.samples - 1u)]), params.separated != 0u);

  // x, y: largest of student and teacher; z, w: the same without the label.
  var largest = vec4f(-3.4e38);
  for (var j = lane; j < params.classes; j += ${LANES}u) {
    let pair = vec2f(student[row + j], teacher[row + j]);
    largest = max(largest, vec4f(pair, select(pair, vec2f(-3.4e38), j == label)));
  }
  largest = lanesMax(largest, thread);

  var sums = vec4f(0.0);
  for (var j = lane; j < params.classes; j += ${LANES}u) {
    let pair = vec2f(student[row + j], teacher[row + j]);
    let others = exp((pair - largest.zw) * params.scale);
    sums += vec4f(exp(pair - largest.xy), select(others, vec2f(0.0), j == label));
  }
  sums = lanesSum(sums, thread);

  if (n >= params.samples) { return; }
  for (var j = lane; j < params.classes; j += ${LANES}u) {
    let pair = vec2f(student[row + j], teacher[row + j]);
    let others = select(exp((pair - largest.zw) * params.scale) / sums.zw, vec2f(0.0), j == label);
    p[row + j] = others.x;
    q[row + j] = others.y;
  }
  if (lane == 0u && params.separated != 0u) {
    let weight = exp(teacher[row + label] - largest.y) / sums.y;
    let log_sum = log(sums.x);
    term[n] = weight * (log_sum + largest.x - student[row + label]);
    stats[n] = vec4f(largest.x, log_sum, weight, 0.0);
  }
}
