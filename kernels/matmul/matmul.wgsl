// c[z] = op(a)[z] * op(b)[z] + bias, op transposes when TA or TB; z = batch * splits + split, a split is `part` of the
// sum and bias goes with the first. float32; a: [rows, depth] ([depth, rows] when TA) every strideA elements,
// b: [depth, columns] ([columns, depth] when TB) every strideB, c: [z, rows, columns], bias: [columns].
// For adapters that run on the CPU, where loads cost most: a thread keeps 8 x 8 results in registers. All threads of a group want the
// same 8 elements of a: each loads one and hands it to all, where they share a subgroup. One term of the sum at a time: unrolling
// it was measured to be half as fast.
// Dispatch: x = ceil(rows / 8) or fewer, y = ceil(columns / 8) threads in groups of GROUP, z as above: groups that follow each
// other load the same columns of b, which stay in the cache.
// Template: TA, TB, BIAS, VB, VC (1: rows of b, of c are whole vec4; VB is 0 when TB, 2 where WIDE and rows are whole in eights).
const GROUP = 8u;
//: include "vector" E = "f32", VEC = 4
struct Params { rows: u32, columns: u32, depth: u32, splits: u32, part: u32, strideA: u32, strideB: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
//: if VB == 2
@group(0) @binding(2) var<storage, read> b: array<vec4<u64>>;
//: end
//: if VB == 1
@group(0) @binding(2) var<storage, read> b: array<Stored>;
//: end
//: if VB == 0
@group(0) @binding(2) var<storage, read> b: array<f32>;
//: end
//: if VC
@group(0) @binding(3) var<storage, read_write> c: array<Stored>;
//: else
@group(0) @binding(3) var<storage, read_write> c: array<f32>;
//: end
//: if BIAS
@group(0) @binding(4) var<storage, read> bias: array<vec4f>;
//: end

@compute @workgroup_size(GROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let column = (group.y * GROUP + lane) * 8u;
  let split = group.z % params.splits;
  let firstA = group.z / params.splits * params.strideA;
  let firstB = group.z / params.splits * params.strideB;
  let firstC = group.z * params.rows * params.columns;
  let start = split * params.part;
  let end = min(start + params.part, params.depth);
  for (var row = group.x * 8u; row < params.rows; row += groups.x * 8u) {
    //: for i in 0..8
    var left${i} = vec4f();
    var right${i} = vec4f();
    //: end
    //: if BIAS
    if (split == 0u) {
      //: for i in 0..8
      left${i} = bias[column / 4u];
      right${i} = bias[column / 4u + 1u];
      //: end
    }
    //: end
    // Rows and columns past the end read some other element, and are not written.
    for (var k = start; k < end; k++) {
      //: if TA
      let atA = firstA + k * params.rows + row;
      //: end
      //: if TB
      let atB = firstB + column * params.depth + k;
      //: for j in 0..8
      let b${j} = b[atB + ${j}u * params.depth];
      //: end
      //: end
      //: if !TB && !VB
      let atB = firstB + k * params.columns + column;
      //: for j in 0..8
      let b${j} = b[atB + ${j}u];
      //: end
      //: end
      //: if VB == 2
      let eight = b[(firstB + k * params.columns + column) / 8u];
      let left = wide4(eight.xy);
      let right = wide4(eight.zw);
      //: end
      //: if VB == 1
      let atB = (firstB + k * params.columns + column) / 4u;
      let left = loaded(b[atB]);
      let right = loaded(b[atB + 1u]);
      //: end
      //: if VB == 0
      let left = vec4f(b0, b1, b2, b3);
      let right = vec4f(b4, b5, b6, b7);
      //: end
      //: if SUBGROUP >= 8
      //: if TA
      let own = a[atA + lane];
      //: else
      let own = a[firstA + (row + lane) * params.depth + k];
      //: end
      //: end
      //: for i in 0..8
      //: if SUBGROUP >= 8
      let a${i} = subgroupBroadcast(own, ${i}u);
      //: else
      //: if TA
      let a${i} = a[atA + ${i}u];
      //: else
      let a${i} = a[firstA + (row + ${i}u) * params.depth + k];
      //: end
      //: end
      left${i} += a${i} * left;
      right${i} += a${i} * right;
      //: end
    }
    // Stored in a loop: every store is code for each lane of a CPU, and takes long to compile.
    let rows = min(8u, params.rows - row);
    var e = firstC + row * params.columns + column;
    //: if VC
    var lefts: array<vec4f, 8>;
    var rights: array<vec4f, 8>;
    //: for i in 0..8
    lefts[${i}] = left${i};
    rights[${i}] = right${i};
    //: end
    for (var r = 0u; r < rows; r++) {
      if (column < params.columns) { c[e / 4u] = stored(lefts[r]); }
      if (column + 4u < params.columns) { c[e / 4u + 1u] = stored(rights[r]); }
      e += params.columns;
    }
    //: else
    var sums: array<f32, 64>;
    //: for i in 0..8
    //: for j in 0..4
    sums[${8*i+j}] = left${i}[${j}];
    sums[${8*i+j+4}] = right${i}[${j}];
    //: end
    //: end
    let columns = min(8u, max(params.columns, column) - column);
    for (var r = 0u; r < rows; r++) {
      for (var j = 0u; j < columns; j++) { c[e + j] = sums[8u * r + j]; }
      e += params.columns;
    }
    //: end
  }
}
