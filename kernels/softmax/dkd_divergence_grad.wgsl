// dstudent = dy T times: alpha g at the label; -alpha g p' + beta (p' - q') elsewhere, where p', q' are the probabilities
// of the class among the other classes by student and teacher, and g = p r (s / (r + 1e-5) - q / (p + 1e-5)) with the
// probabilities p, q of the label and r = 1 - p, s = 1 - q.
// student, teacher, dstudent: float32 [samples, classes]; labels: int32 [samples]; dy: float32 [samples]; stats as
// dkd_divergence.wgsl wrote it.
// Dispatch: one thread an element, groups of 64.
struct Params { samples: u32, classes: u32, scale: f32, alpha: f32, beta: f32, nan: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> student: array<f32>;
@group(0) @binding(2) var<storage, read> teacher: array<f32>;
@group(0) @binding(3) var<storage, read> labels: array<u32>;
@group(0) @binding(4) var<storage, read> dy: array<f32>;
@group(0) @binding(5) var<storage, read> stats: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> dstudent: array<f32>;

//: include "grid" GROUP = "64u"
fn each(e: u32) {
  if (e >= params.samples * params.classes) { return; }
  let n = e / params.classes;
  let label = labels[n];
  let known = stats[n];
  let hit = n * params.classes + min(label, params.classes - 1u);
  let own = exp(vec2f(student[hit], teacher[hit]) * params.scale - known.xz);
  let rest = exp(known.yw - known.xz);
  let gap = own.x * rest.x * (rest.y / (rest.x + 1e-5) - own.y / (own.x + 1e-5));
  let among = exp(vec2f(student[e], teacher[e]) * params.scale - known.yw);
  let elsewhere = params.beta * (among.x - among.y) - params.alpha * gap * among.x;
  let slope = select(elsewhere, params.alpha * gap, e == hit);
  dstudent[e] = select(params.nan, dy[n] / params.scale * slope, label < params.classes);
}
