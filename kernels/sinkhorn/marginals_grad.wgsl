// Gradient of marginals.wgsl with respect to the student's logits:
//   dstudent = p (dp - sum of p dp) / T, plus dterm softmax(teacher)[label] (softmax(student) - onehot(label))
//   when `separated`, + added where ADD.
// student, p, dp, dstudent: float32 [samples, classes]; labels: int32 [samples]; dterm: float32 [samples]; stats as
// the forward kernel left it. Dispatch: one group for ROWS samples, LANES threads a sample. Template: LANES, ROWS, ADD.
struct Params { samples: u32, classes: u32, separated: u32, scale: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> student: array<f32>;
@group(0) @binding(2) var<storage, read> labels: array<i32>;
@group(0) @binding(3) var<storage, read> p: array<f32>;
@group(0) @binding(4) var<storage, read> dp: array<f32>;
@group(0) @binding(5) var<storage, read> dterm: array<f32>;
@group(0) @binding(6) var<storage, read> stats: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> dstudent: array<f32>;
//: if ADD
@group(0) @binding(8) var<storage, read> added: array<f32>;
//: end

alias Lane = f32;
//: include "lanes"
//: include "join_lanes" NAME = "lanesSum", JOIN = "a + b"

//: include "rows"
fn eachRow(n: u32, lane: u32, thread: u32) {
  let sample = min(n, params.samples - 1u);
  let row = sample * params.classes;
  var sum = 0.0;
  for (var j = lane; j < params.classes; j += ${LANES}u) { sum += p[row + j] * dp[row + j]; }
  sum = lanesSum(sum, thread);

  if (n >= params.samples) { return; }
  let label = select(params.classes, u32(labels[sample]), params.separated != 0u);
  var known = vec4f(0.0);
  var weight = 0.0;
  if (params.separated != 0u) {
    known = stats[sample];
    weight = dterm[sample] * known.z;
  }
  for (var j = lane; j < params.classes; j += ${LANES}u) {
    var gradient = p[row + j] * (dp[row + j] - sum) * params.scale;
    if (params.separated != 0u) {
      let all = exp(student[row + j] - known.x - known.y);
      gradient += weight * (all - select(0.0, 1.0, j == label));
    }
    //: if ADD
    gradient += added[row + j];
    //: end
    dstudent[row + j] = gradient;
  }
}
