// dstudent = dy T (softmax(student / T) - softmax(teacher / T)).
// student, teacher, dstudent: float32 [samples, classes]; dy: float32 [samples]; stats as kd_divergence.wgsl wrote it.
// Dispatch: one thread an element, groups of 64.
struct Params { samples: u32, classes: u32, temperature: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> student: array<f32>;
@group(0) @binding(2) var<storage, read> teacher: array<f32>;
@group(0) @binding(3) var<storage, read> dy: array<f32>;
@group(0) @binding(4) var<storage, read> stats: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> dstudent: array<f32>;

//: include "grid" GROUP = "64u"
fn each(e: u32) {
  if (e >= params.samples * params.classes) { return; }
  let n = e / params.classes;
  let known = stats[n];
  let logs = (vec2f(student[e], teacher[e]) - known.xy) / params.temperature - known.zw;
  let probabilities = exp(logs);
  dstudent[e] = dy[n] * params.temperature * (probabilities.x - probabilities.y);
}
