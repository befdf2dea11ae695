// c[z] = op(a)[z] * op(b)[z] + bias with tiles in workgroup memory, for discrete GPUs; op transposes when TA or TB,
// z = batch * splits + split, a split is `part` of the sum and bias goes with the first. a, b and c are EA, EB and
// EC, f32 or f16, sums and bias float32; a: [rows, depth] ([depth, rows] when TA) every strideA elements, b: [depth, columns]
// ([columns, depth] when TB) every strideB, c: [z, rows, columns], bias: [columns].
// A workgroup of TX x TY threads makes BM x BN results, R x C a thread, in steps of D along the sum. The elements of the next
// step are loaded before the products of this one, and masked after them, so that nothing waits for the loads. What lies past
// the last row or column is some other element, and goes into results that are not written.
// Dispatch: x = ceil(columns / BN), y = ceil(rows / BM) or fewer, z as above.
// Template: EA, EB, EC, TA, TB, BIAS, TY, TX, R, C (4 or 8), D, U, BM = R TY, BN = C TX, VA (a is TA and read as vec4: rows are a
// multiple of 4), VC (columns are: c, and b unless TB, as vec4).
struct Params { rows: u32, columns: u32, depth: u32, splits: u32, part: u32, strideA: u32, strideB: u32 }
@group(0) @binding(0) var<uniform> params: Params;
//: if VA
@group(0) @binding(1) var<storage, read> a: array<vec4<${EA}>>;
//: else
@group(0) @binding(1) var<storage, read> a: array<${EA}>;
//: end
//: if VC && !TB
@group(0) @binding(2) var<storage, read> b: array<vec4<${EB}>>;
//: else
@group(0) @binding(2) var<storage, read> b: array<${EB}>;
//: end
//: if VC
@group(0) @binding(3) var<storage, read_write> c: array<vec4<${EC}>>;
//: else
@group(0) @binding(3) var<storage, read_write> c: array<${EC}>;
//: end
//: if BIAS
@group(0) @binding(4) var<storage, read> bias: array<f32>;
//: end

// [place of the sum][4 rows] and [place][4 columns], one vector of padding against bank conflicts
var<workgroup> tileA: array<array<vec4f, ${BM / 4 + 1}>, ${D}>;
var<workgroup> tileB: array<array<vec4f, ${BN / 4 + 1}>, ${D}>;

@compute @workgroup_size(${TX}, ${TY})
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) thread: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let firstColumn = group.x * ${BN}u;
  let split = group.z % params.splits;
  let firstA = group.z / params.splits * params.strideA;
  let firstB = group.z / params.splits * params.strideB;
  let start = split * params.part;
  let end = min(start + params.part, params.depth);
  let rowPlace = thread.y;
  let columnPlace = thread.x;
  for (var firstRow = group.y * ${BM}u; firstRow < params.rows; firstRow += groups.y * ${BM}u) {
    //: include "tile_place" X = "a", TURNED = !TA, W = BM, V = VA, LENGTH = "rows", FIRST = "firstRow", MATRIX = "firstA"
    //: include "tile_place" X = "b", TURNED = TB, W = BN, V = VC && !TB, LENGTH = "columns", FIRST = "firstColumn", MATRIX = "firstB"
    //: for r in 0..R
    //: for v in 0..C/4
    var sum${r}_${v} = vec4f();
    //: end
    //: end
    //: include "tile_load" X = "a", E = EA, TURNED = !TA, W = BM, V = VA, LENGTH = "rows"
    //: include "tile_load" X = "b", E = EB, TURNED = TB, W = BN, V = VC && !TB, LENGTH = "columns"
    for (var origin = start; origin < end; origin += ${D}u) {
      workgroupBarrier();
      //: include "tile_store" X = "a", TILE = "tileA", TURNED = !TA, W = BM
      //: include "tile_store" X = "b", TILE = "tileB", TURNED = TB, W = BN
      workgroupBarrier();
      //: include "tile_load" X = "a", E = EA, TURNED = !TA, W = BM, V = VA, LENGTH = "rows"
      //: include "tile_load" X = "b", E = EB, TURNED = TB, W = BN, V = VC && !TB, LENGTH = "columns"
      //: include "tile_sum"
    }
    //: for r in 0..R
    let row${r} = firstRow + (thread.y + ${r / 4 * TY}u) * 4u + ${r % 4}u;
    if (row${r} < params.rows) {
      let first = (group.z * params.rows + row${r}) * params.columns;
      //: for v in 0..C/4
      let column${v} = firstColumn + (thread.x + ${v * TX}u) * 4u;
      //: if VC
      if (column${v} < params.columns) {
        //: if BIAS
        if (split == 0u) {
          sum${r}_${v} += vec4f(bias[column${v}], bias[column${v} + 1u], bias[column${v} + 2u], bias[column${v} + 3u]);
        }
        //: end
        c[(first + column${v}) / 4u] = vec4<${EC}>(sum${r}_${v});
      }
      //: else
      //: for j in 0..4
      if (column${v} + ${j}u < params.columns) {
        //: if BIAS
        if (split == 0u) { sum${r}_${v}[${j}] += bias[column${v} + ${j}u]; }
        //: end
        c[first + column${v} + ${j}u] = ${EC}(sum${r}_${v}[${j}]);
      }
      //: end
      //: end
      //: end
    }
    //: end
  }
}
