// y = (x - mean) * scale + bias (+ residual), then max(., 0) when RELU; the mean first, so that a large one does not
// cancel. NaN passes the ReLU. x, y, residual: E, f32 or f16, [N, C, plane].
// Dispatch: one thread for `run` consecutive vectors of a plane, groups of 64; run divides the vectors of a plane.
// Template: E, RESIDUAL, RELU, VEC (elements a vector: 1, 4, or 2 where a plane is those of two neighbouring channels).
//: include "vector"
//: if VEC == 4
//: include "rectified" T = "vec4f", I = "vec4i"
//: end
//: if VEC == 2
//: include "rectified" T = "vec2f", I = "vec2i"
//: end
//: if VEC == 1
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

//: if VEC == 2
//: include "second_plane"

//: end
//: include "grid" GROUP = "64u"
fn each(thread: u32) {
  if (thread >= params.threads) { return; }
  let owner = thread / params.runsPerPlane;
  //: if VEC == 2
  let stat = stats[owner % params.channels * 2u];
  let other = stats[owner % params.channels * 2u + 1u];
  //: else
  let stat = stats[owner % params.channels];
  //: end
  //: if VEC == 2
  let plane = params.runsPerPlane * params.run;
  //: end
  let first = thread * params.run;
  for (var i = first; i < first + params.run; i++) {
    //: if VEC == 2
    let isOther = inSecondPlane(i - owner * plane, plane);
    let mean = select(Vector(stat.x), Vector(other.x), isOther);
    let scale = select(Vector(stat.z), Vector(other.z), isOther);
    let bias = select(Vector(stat.w), Vector(other.w), isOther);
    //: else
    let mean = Vector(stat.x);
    let scale = stat.z;
    let bias = Vector(stat.w);
    //: end
    var value = (loaded(x[i]) - mean) * scale + bias;
    //: if RESIDUAL
    value += loaded(residual[i]);
    //: end
    //: if RELU
    value = rectified(value);
    //: end
    y[i] = stored(value);
  }
}
