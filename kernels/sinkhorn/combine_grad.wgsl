// dterm[n] = dloss / samples, ddistance[n] = dloss weight / samples.
// dloss, weight: one float32; dterm, ddistance: float32 [samples]. Dispatch: one thread a sample, groups of 64.
struct Params { samples: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dloss: array<f32>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read_write> dterm: array<f32>;
@group(0) @binding(4) var<storage, read_write> ddistance: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.samples) { return; }
  let share = dloss[0] / f32(params.samples);
  dterm[id.x] = share;
  ddistance[id.x] = share * weight[0];
}
