// dx[n, c] = (softmax(x)[n, c] - (1 - smoothing) * [c is the label of n] - smoothing / C) * scale * dy, where dy is dy[n]
// (each 1) or dy[0] (each 0), and stats[n] = (max, 1 / total) of cross_entropy.wgsl. float32; x: [N, C].
// Dispatch: 8 threads a row, groups of 8 rows. Template: VEC (1, or 4 when C is a multiple of it).
//: include "vector" E = "f32"
struct Params { rows: u32, classes: u32, smoothing: f32, scale: f32, each: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Vector>;
@group(0) @binding(2) var<storage, read> labels: array<i32>;
@group(0) @binding(3) var<storage, read> stats: array<vec2f>;
@group(0) @binding(4) var<storage, read> dy: array<f32>;
@group(0) @binding(5) var<storage, read_write> dx: array<Vector>;

@compute @workgroup_size(8, 8)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) thread: vec3u,
) {
  let row = (group.x + group.y * groups.x) * 8u + thread.y;
  if (row >= params.rows) { return; }
  let vectors = params.classes / ${VEC}u;
  let stat = stats[row];
  let label = u32(labels[row]);
  let slope = params.scale * dy[row * params.each];
  for (var v = thread.x; v < vectors; v += 8u) {
    //: if VEC == 4
    let hits = select(vec4f(), vec4f(1.0), v * 4u + vec4u(0u, 1u, 2u, 3u) == vec4u(label));
    //: else
    let hits = select(0.0, 1.0, v == label);
    //: end
    let at = row * vectors + v;
    let p = exp(x[at] - stat.x) * stat.y;
    dx[at] = (p - (1.0 - params.smoothing) * hits - params.smoothing / f32(params.classes)) * slope;
  }
}
