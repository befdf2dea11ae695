// y = (x - mean) * scale + bias (+ residual), then max(., 0) when RELU; the mean first, so that a large one does not
// cancel. NaN passes the ReLU. x, y, residual: E, f32 or f16, [N, C, plane].
// Dispatch: one thread for `run` consecutive vectors of a plane, groups of 64; run divides the vectors of a plane.
// Template: E, RESIDUAL, RELU, VEC (elements a vector, 1 or 4).
//: include "vector"
//: if VEC == 4
//: include "rectified" T = "vec4f", I = "vec4i"
//: else
//: include "rectified" T = "f32", I = "i32"
//: end
struct Params { channels: u32, threads: u32, run: u32, runsPerPlane: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Stored>;
@group(0) @binding(2) var<storage, read> stats: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<Stored>;
//: if RESIDUAL
@group(0) @binding(4) var<storage, read> residual: array<Stored>;
//: end

//: include "grid" GROUP = "64u"
fn each(thread: u32) {
  if (thread >= params.threads) { return; }
  let stat = stats[(thread / params.runsPerPlane) % params.channels];
  let first = thread * params.run;
  for (var i = first; i < first + params.run; i++) {
    var value = (loaded(x[i]) - Vector(stat.x)) * stat.z + Vector(stat.w);
    //: if RESIDUAL
    value += loaded(residual[i]);
    //: end
    //: if RELU
    value = rectified(value);
    //: end
    y[i] = stored(value);
  }
}
