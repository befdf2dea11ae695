// dx = a * dz + b * x + c, with dz = dy, or 0 where RELU and y = 0; RESIDUAL also writes dz. E, f32 or f16, [N, C, plane].
// Dispatch: one thread for `run` consecutive vectors of a plane, groups of 64; run divides the vectors of a plane.
// Template: E, RESIDUAL, RELU, VEC (elements a vector: 1, 4, or 2 where a plane is those of two neighbouring channels).
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

//: if VEC == 2
//: include "second_plane"

//: end
//: include "grid" GROUP = "64u"
fn each(thread: u32) {
  if (thread >= params.threads) { return; }
  let owner = thread / params.runsPerPlane;
  //: if VEC == 2
  let k = coefficients[owner % params.channels * 2u];
  let other = coefficients[owner % params.channels * 2u + 1u];
  //: else
  let k = coefficients[owner % params.channels];
  //: end
  //: if VEC == 2
  let plane = params.runsPerPlane * params.run;
  //: end
  let first = thread * params.run;
  for (var i = first; i < first + params.run; i++) {
    //: if VEC == 2
    let isOther = inSecondPlane(i - owner * plane, plane);
    let a = select(Vector(k.x), Vector(other.x), isOther);
    let b = select(Vector(k.y), Vector(other.y), isOther);
    let c = select(Vector(k.z), Vector(other.z), isOther);
    //: else
    let a = k.x;
    let b = k.y;
    let c = Vector(k.z);
    //: end
    //: if RELU
    let gradient = select(Vector(), loaded(dy[i]), bitcast<Bits>(loaded(y[i])) != Bits());
    //: else
    let gradient = loaded(dy[i]);
    //: end
    //: if RESIDUAL
    dz[i] = stored(gradient);
    //: end
    dx[i] = stored(gradient * a + loaded(x[i]) * b + c);
  }
}
