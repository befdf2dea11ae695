// y[n] = T^2 KL(softmax(teacher / T) || softmax(student / T)) of every row.
// student, teacher: float32 [samples, classes]; y: float32 [samples]; stats: float32 [samples] vec4: largest student
// logit, largest teacher logit, log of the sum of exp((x - largest) / T) of both.
// Dispatch: one group for ROWS samples, LANES threads a sample. Template: LANES, ROWS.
struct Params { samples: u32, classes: u32, temperature: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> student: array<f32>;
@group(0) @binding(2) var<storage, read> teacher: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<storage, read_write> stats: array<vec4f>;

alias Lane = vec2f;
//: include "lanes"
//: include "join_lanes" NAME = "lanesSum", JOIN = "a + b"
//: include "join_lanes" NAME = "lanesMax", JOIN = "max(a, b)"

//: include "rows"
fn eachRow(n: u32, lane: u32, thread: u32) {
  let row = min(n, params.samples - 1u) * params.classes;
  let scale = 1.0 / params.temperature;

  var largest = vec2f(-3.4e38);
  for (var j = lane; j < params.classes; j += ${LANES}u) {
    largest = max(largest, vec2f(student[row + j], teacher[row + j]));
  }
  largest = lanesMax(largest, thread);

  // In blocks: a long sum of like numbers loses digits when they are added one by one.
  let block = ${LANES * 1024}u;
  var sums = vec2f(0.0);
  for (var start = lane; start < params.classes; start += block) {
    var some = vec2f(0.0);
    for (var j = start; j < min(start + block, params.classes); j += ${LANES}u) {
      some += exp((vec2f(student[row + j], teacher[row + j]) - largest) * scale);
    }
    sums += some;
  }
  sums = lanesSum(sums, thread);

  let log_sums = log(sums);
  var divergence = 0.0;
  for (var start = lane; start < params.classes; start += block) {
    var some = 0.0;
    for (var j = start; j < min(start + block, params.classes); j += ${LANES}u) {
      let logs = (vec2f(student[row + j], teacher[row + j]) - largest) * scale - log_sums;
      some += exp(logs.y) * (logs.y - logs.x);
    }
    divergence += some;
  }
  divergence = lanesSum(vec2f(divergence, 0.0), thread).x;
  if (lane == 0u && n < params.samples) {
    y[n] = params.temperature * params.temperature * divergence;
    stats[n] = vec4f(largest, log_sums);
  }
}
