// The reductions of reduce.wgsl along rows, for discrete GPUs: a workgroup for an element of y, whose threads
// read neighbouring elements and join in workgroup memory. x: E, [outer, count], y: R, [outer, splits].
// OP 0: sum of x. OP 1: maximum of x, NaN if one is. OP 2: sum of x == center[o]. OP 3: sum of (x - center[o])^2.
// Dispatch: outer * splits groups of LANES (a power of two) threads. Template: E, R (f32 or f16), OP, LANES, ROWS (1).
struct Params { outer: u32, count: u32, splits: u32, part: u32, scale: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<${E}>;
@group(0) @binding(2) var<storage, read_write> y: array<${R}>;
//: if OP >= 2
@group(0) @binding(3) var<storage, read> center: array<f32>;
//: end

alias Lane = f32;
//: include "lanes"
//: if OP == 1
//: include "nan" T = "f32", U = "u32", B = "bool"
fn larger(a: f32, b: f32) -> f32 { return select(max(a, b), a + b, isNan(a) | isNan(b)); }

//: include "join_lanes" NAME = "joinLanes", JOIN = "larger(a, b)"
//: else
//: include "join_lanes" NAME = "joinLanes", JOIN = "a + b"
//: end

//: include "rows"
fn eachRow(n: u32, lane: u32, thread: u32) {
  let row = min(n, params.outer * params.splits - 1u);
  let outer = row / params.splits;
  let first = outer * params.count;
  let start = (row % params.splits) * params.part;
  let end = min(start + params.part, params.count);
  //: if OP >= 2
  let middle = center[outer];
  //: end
  //: if OP == 1
  var total = f32(x[first + start]);
  //: else
  var total = 0.0;
  //: end
  for (var r = start + lane; r < end; r += ${LANES}u) {
    let value = f32(x[first + r]);
    //: if OP == 0
    total += value;
    //: end
    //: if OP == 1
    total = larger(total, value);
    //: end
    //: if OP == 2
    total += select(0.0, 1.0, value == middle);
    //: end
    //: if OP == 3
    total += (value - middle) * (value - middle);
    //: end
  }
  let joined = joinLanes(total, thread);
  if (lane == 0u && n == row) { y[row] = ${R}(joined * params.scale); }
}
