// c[z] = op(a)[z] * op(b)[z] + bias with tiles in workgroup memory, for discrete GPUs; op transposes when TA or TB,
// z = batch * splits + split, a split is `part` of the sum and bias goes with the first. float32; a: [rows, depth]
// ([depth, rows] when TA) every strideA elements, b: [depth, columns] ([columns, depth] when TB) every strideB,
// c: [z, rows, columns], bias: [columns].
// A workgroup of 16 x 16 threads makes 64 x 64 results, 4 x 4 a thread, in steps of 16 along the sum.
// Dispatch: x = ceil(columns / 64), y = ceil(rows / 64) or fewer, z as above. Template: TA, TB, BIAS.
struct Params { rows: u32, columns: u32, depth: u32, splits: u32, part: u32, strideA: u32, strideB: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> c: array<f32>;
//: if BIAS
@group(0) @binding(4) var<storage, read> bias: array<f32>;
//: end

// [depth][row] and [depth][column], one column of padding against bank conflicts
var<workgroup> tileA: array<f32, 16 * 65>;
var<workgroup> tileB: array<f32, 16 * 65>;

@compute @workgroup_size(16, 16)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) thread: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let column0 = group.x * 64u;
  let split = group.z % params.splits;
  let firstA = group.z / params.splits * params.strideA;
  let firstB = group.z / params.splits * params.strideB;
  let start = split * params.part;
  let end = min(start + params.part, params.depth);
  // Uniform over the group, so all of its threads meet the barriers.
  for (var row0 = group.y * 64u; row0 < params.rows; row0 += groups.y * 64u) {
    var sums = array<vec4f, 4>();
    for (var k0 = start; k0 < end; k0 += 16u) {
      // Neighbouring threads read neighbouring elements of a and of b.
      for (var e = index; e < 1024u; e += 256u) {
        //: if TA
        let i = e % 64u;
        let ka = e / 64u;
        let atA = firstA + (k0 + ka) * params.rows + row0 + i;
        //: else
        let i = e / 16u;
        let ka = e % 16u;
        let atA = firstA + (row0 + i) * params.depth + k0 + ka;
        //: end
        var valueA = 0.0;
        if (row0 + i < params.rows && k0 + ka < end) { valueA = a[atA]; }
        tileA[ka * 65u + i] = valueA;
        //: if TB
        let j = e / 16u;
        let kb = e % 16u;
        let atB = firstB + (column0 + j) * params.depth + k0 + kb;
        //: else
        let j = e % 64u;
        let kb = e / 64u;
        let atB = firstB + (k0 + kb) * params.columns + column0 + j;
        //: end
        var valueB = 0.0;
        if (column0 + j < params.columns && k0 + kb < end) { valueB = b[atB]; }
        tileB[kb * 65u + j] = valueB;
      }
      workgroupBarrier();
      for (var k = 0u; k < 16u; k++) {
        let at = k * 65u + thread.x;
        let columns = vec4f(tileB[at], tileB[at + 16u], tileB[at + 32u], tileB[at + 48u]);
        for (var r = 0u; r < 4u; r++) {
          sums[r] += tileA[k * 65u + thread.y + r * 16u] * columns;
        }
      }
      workgroupBarrier();
    }
    for (var r = 0u; r < 4u; r++) {
      let row = row0 + thread.y + r * 16u;
      for (var j = 0u; j < 4u; j++) {
        let column = column0 + thread.x + j * 16u;
        if (row < params.rows && column < params.columns) {
          var value = sums[r][j];
          //: if BIAS
          if (split == 0u) { value += bias[column]; }
          //: end
          c[(group.z * params.rows + row) * params.columns + column] = value;
        }
      }
    }
  }
}
