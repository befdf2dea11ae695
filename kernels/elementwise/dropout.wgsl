// y = x scale where hash(seed, i) >= threshold, else 0
// x, y: float32; seed: one uint32. Whole blocks of 1024: one workgroup a block, 64 threads, four vec4 each.
// The hash is PCG-RXS-M-XS of 32 bits (O'Neill 2014; Jarzynski and Olano 2020), applied to the index
// added to the hashed seed.
struct Params { scale: f32, threshold: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> seed: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;

fn hash(value: vec4u) -> vec4u {
  let state = value * 747796405u + 2891336453u;
  let word = ((state >> ((state >> vec4u(28u)) + 4u)) ^ state) * 277803737u;
  return (word >> vec4u(22u)) ^ word;
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let first = (group.x + group.y * groups.x) * 256u + thread;
  if (first >= arrayLength(&y)) { return; }
  let start = hash(vec4u(seed[0])) + vec4u(0u, 1u, 2u, 3u);
  for (var k = 0u; k < 4u; k++) {
    let i = first + k * 64u;
    let kept = hash(start + 4u * i) >= vec4u(params.threshold);
    y[i] = select(vec4f(0.0), x[i] * params.scale, kept);
  }
}
