// y[n] = T^2 KL(softmax(teacher / T) || softmax(student / T)) of every row.
// student, teacher: float32 [samples, classes]; y: float32 [samples]; stats: float32 [samples] vec4: largest student
// logit, largest teacher logit, log of the sum of exp((x - largest) / T) of both.
// Dispatch: one group for ROWS samples, LANES threads a sample.
struct Params { samples: u32, classes: u32, temperature: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> student: array<f32>;
@group(0) @binding(2) var<storage, read> teacher: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<storage, read_write> stats: array<vec4f>;

override LANES: u32 = 64u;
override ROWS: u32 = 1u;
override THREADS: u32 = 64u;
var<workgroup> shared_pairs: array<vec2f, THREADS>;

@compute @workgroup_size(LANES, ROWS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) local: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let n = (group.x + group.y * groups.x) * ROWS + local.y;
  let row = min(n, params.samples - 1u) * params.classes;
  let leader = thread - local.x;
  let scale = 1.0 / params.temperature;

  var largest = vec2f(-3.4e38);
  for (var j = local.x; j < params.classes; j += LANES) {
    largest = max(largest, vec2f(student[row + j], teacher[row + j]));
  }
  shared_pairs[thread] = largest;
  workgroupBarrier();
  for (var l = 0u; l < LANES; l++) { largest = max(largest, shared_pairs[leader + l]); }
  workgroupBarrier();

  // In blocks: a long sum of like numbers loses digits when they are added one by one.
  let block = 1024u * LANES;
  var sums = vec2f(0.0);
  for (var start = local.x; start < params.classes; start += block) {
    var some = vec2f(0.0);
    for (var j = start; j < min(start + block, params.classes); j += LANES) {
      some += exp((vec2f(student[row + j], teacher[row + j]) - largest) * scale);
    }
    sums += some;
  }
  shared_pairs[thread] = sums;
  workgroupBarrier();
  sums = vec2f(0.0);
  for (var l = 0u; l < LANES; l++) { sums += shared_pairs[leader + l]; }
  workgroupBarrier();

  let log_sums = log(sums);
  var divergence = 0.0;
  for (var start = local.x; start < params.classes; start += block) {
    var some = 0.0;
    for (var j = start; j < min(start + block, params.classes); j += LANES) {
      let logs = (vec2f(student[row + j], teacher[row + j]) - largest) * scale - log_sums;
      some += exp(logs.y) * (logs.y - logs.x);
    }
    divergence += some;
  }
  shared_pairs[thread] = vec2f(divergence, 0.0);
  workgroupBarrier();
  if (local.x == 0u && n < params.samples) {
    var total = 0.0;
    for (var l = 0u; l < LANES; l++) { total += shared_pairs[thread + l].x; }
    y[n] = params.temperature * params.temperature * total;
    stats[n] = vec4f(largest, log_sums);
  }
}
