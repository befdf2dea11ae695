// The reductions of reduce.wgsl along rows, for discrete GPUs: a workgroup for an element of y, whose threads
// read neighbouring elements and join in workgroup memory. x: E, [outer, count], y: R, [outer, splits].
// OP 0: sum of x. OP 1: maximum of x, NaN if one is. OP 2: sum of x == center[o]. OP 3: sum of (x - center[o])^2.
// Dispatch: outer * splits groups of GROUP (a power of two) threads. Template: E, R (f32 or f16), OP.
override GROUP: u32 = 256u;
struct Params { outer: u32, count: u32, splits: u32, part: u32, scale: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<${E}>;
@group(0) @binding(2) var<storage, read_write> y: array<${R}>;
//: if OP >= 2
@group(0) @binding(3) var<storage, read> center: array<f32>;
//: end

var<workgroup> totals: array<f32, GROUP>;

//: if OP == 1
// Compilers may assume that there is no NaN, so the bits are looked at.
fn larger(a: f32, b: f32) -> f32 {
  let magnitude = max(bitcast<u32>(a) & 0x7fffffffu, bitcast<u32>(b) & 0x7fffffffu);
  return select(max(a, b), a + b, magnitude > 0x7f800000u);
}

//: end
@compute @workgroup_size(GROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = group.x + group.y * groups.x;
  if (row >= params.outer * params.splits) { return; }
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
  for (var r = start + lane; r < end; r += GROUP) {
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
  totals[lane] = total;
  for (var half = GROUP / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) {
      //: if OP == 1
      totals[lane] = larger(totals[lane], totals[lane + half]);
      //: else
      totals[lane] += totals[lane + half];
      //: end
    }
  }
  if (lane == 0u) { y[row] = ${R}(totals[0] * params.scale); }
}
