// c[z] = op(a)[z] * op(b)[z] + bias with tiles in workgroup memory, for discrete GPUs; op transposes when TA or TB,
// z = batch * splits + split, a split is `part` of the sum and bias goes with the first. float32; a: [rows, depth]
// ([depth, rows] when TA) every strideA elements, b: [depth, columns] ([columns, depth] when TB) every strideB,
// c: [z, rows, columns], bias: [columns].
// A workgroup of TX x TY threads (256) makes BM x BN results, 4 x C a thread, in steps of 16 along the sum.
// Dispatch: x = ceil(columns / BN), y = ceil(rows / BM) or fewer, z as above.
// Template: TA, TB, BIAS, TY, TX, C (4 or 8), BM = 4 TY, BN = C TX, VC (columns are a multiple of 4: c, and b unless TB, as vec4).
struct Params { rows: u32, columns: u32, depth: u32, splits: u32, part: u32, strideA: u32, strideB: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
//: if VC && !TB
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
//: else
@group(0) @binding(2) var<storage, read> b: array<f32>;
//: end
//: if VC
@group(0) @binding(3) var<storage, read_write> c: array<vec4f>;
//: else
@group(0) @binding(3) var<storage, read_write> c: array<f32>;
//: end
//: if BIAS
@group(0) @binding(4) var<storage, read> bias: array<f32>;
//: end

// [depth][4 rows] and [depth][4 columns], one vector of padding against bank conflicts
var<workgroup> tileA: array<vec4f, ${16 * (BM / 4 + 1)}>;
var<workgroup> tileB: array<vec4f, ${16 * (BN / 4 + 1)}>;

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
  // Neighbouring threads read neighbouring elements: of the sum, or of rows and columns where these lie side by side.
  //: if TA
  let vectorA = index % ${BM / 4}u;
  let kA = index / ${BM / 4}u;
  //: else
  let vectorA = index / 16u;
  let kA = index % 16u;
  //: end
  //: if TB
  let vectorB = index / 16u;
  let kB = index % 16u;
  //: else
  let vectorB = index % ${BN / 4}u;
  let kB = index / ${BN / 4}u;
  //: end
  // Uniform over the group, so all of its threads meet the barriers.
  for (var firstRow = group.y * ${BM}u; firstRow < params.rows; firstRow += groups.y * ${BM}u) {
    let rowA = firstRow + vectorA * 4u;
    //: for r in 0..4
    //: for v in 0..C/4
    var sum${r}_${v} = vec4f();
    //: end
    //: end
    for (var origin = start; origin < end; origin += 16u) {
      //: if BM < 64
      if (index < ${BM * 4}u) {
      //: end
      var rows = vec4f();
      let k = origin + kA;
      if (k < end) {
        //: for r in 0..4
        //: if TA
        if (rowA + ${r}u < params.rows) { rows[${r}] = a[firstA + k * params.rows + rowA + ${r}u]; }
        //: else
        if (rowA + ${r}u < params.rows) { rows[${r}] = a[firstA + (rowA + ${r}u) * params.depth + k]; }
        //: end
        //: end
      }
      tileA[kA * ${BM / 4 + 1}u + vectorA] = rows;
      //: if BM < 64
      }
      //: end
      //: for v in 0..BN/64
      //: if TB
      let column${v} = firstColumn + (vectorB + ${v * 16}u) * 4u;
      let k${v} = origin + kB;
      //: else
      let column${v} = firstColumn + vectorB * 4u;
      let k${v} = origin + kB + ${v * 1024 / BN}u;
      //: end
      var columns${v} = vec4f();
      if (k${v} < end) {
        //: if VC && !TB
        if (column${v} < params.columns) { columns${v} = b[(firstB + k${v} * params.columns + column${v}) / 4u]; }
        //: else
        //: for j in 0..4
        //: if TB
        if (column${v} + ${j}u < params.columns) { columns${v}[${j}] = b[firstB + (column${v} + ${j}u) * params.depth + k${v}]; }
        //: else
        if (column${v} + ${j}u < params.columns) { columns${v}[${j}] = b[firstB + k${v} * params.columns + column${v} + ${j}u]; }
        //: end
        //: end
        //: end
      }
      //: if TB
      tileB[kB * ${BN / 4 + 1}u + vectorB + ${v * 16}u] = columns${v};
      //: else
      tileB[(kB + ${v * 1024 / BN}u) * ${BN / 4 + 1}u + vectorB] = columns${v};
      //: end
      //: end
      workgroupBarrier();
      for (var i = 0u; i < 16u; i++) {
        let rows = tileA[i * ${BM / 4 + 1}u + thread.y];
        //: for v in 0..C/4
        let columns${v} = tileB[i * ${BN / 4 + 1}u + thread.x + ${v * TX}u];
        //: for r in 0..4
        sum${r}_${v} += rows[${r}] * columns${v};
        //: end
        //: end
      }
      workgroupBarrier();
    }
    //: for r in 0..4
    let row${r} = firstRow + thread.y * 4u + ${r}u;
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
        c[(first + column${v}) / 4u] = sum${r}_${v};
      }
      //: else
      //: for j in 0..4
      if (column${v} + ${j}u < params.columns) {
        //: if BIAS
        if (split == 0u) { sum${r}_${v}[${j}] += bias[column${v} + ${j}u]; }
        //: end
        c[first + column${v} + ${j}u] = sum${r}_${v}[${j}];
      }
      //: end
      //: end
      //: end
    }
    //: end
  }
}
