// dx = a * dz + b * x + c, with dz = dy, or 0 where RELU and y = 0; RESIDUAL also writes dz. E, f32 or f16, [N, C, plane].
// Dispatch: one thread for `run` consecutive vectors of a plane, groups of 64; run divides the vectors of a plane.
// Template: E, RESIDUAL, RELU, VEC (elements a vector, 1 or 4).
//: include "vector"
struct Params { channels: u32, threads: u32, run: u32, runsPerPlane: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Stored>;
@group(0) @binding(2) var<storage, read> dy: array<Stored>;
@group(0) @binding(3) var<storage, read> coefficients: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> dx: array<Stored>;
//: if RELU
@group(0) @binding(5) var<storage, read> y: array<Stored>;
//: end
//: if RESIDUAL
@group(0) @binding(6) var<storage, read_write> dz: array<Stored>;
//: end

//: include "grid" GROUP = "64u"
fn each(thread: u32) {
  if (thread >= params.threads) { return; }
  let k = coefficients[(thread / params.runsPerPlane) % params.channels];
  let first = thread * params.run;
  for (var i = first; i < first + params.run; i++) {
    //: if RELU
    let gradient = select(Vector(), loaded(dy[i]), bitcast<Bits>(loaded(y[i])) != Bits());
    //: else
    let gradient = loaded(dy[i]);
    //: end
    //: if RESIDUAL
    dz[i] = stored(gradient);
    //: end
    dx[i] = stored(gradient * k.x + loaded(x[i]) * k.y + Vector(k.z));
  }
}
