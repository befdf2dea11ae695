// What a thread loads of a matrix for tiles in workgroup memory (tile_load, tile_store): every THREADS-th vector of W rows or
// columns times D places of the sum. Neighbouring threads load neighbours in memory: places where TURNED (the matrix is
// [LENGTH, depth]), else rows or columns ([depth, LENGTH]; V: as vec4). The tile begins at FIRST, the matrix at MATRIX.
//: if TURNED
let ${X}Place = index % ${D}u;
let ${X}Vector = index / ${D}u;
var ${X}At = ${MATRIX} + (${FIRST} + ${X}Vector * 4u) * params.depth + start + ${X}Place;
let ${X}Line = params.depth;
//: else
let ${X}Place = index / ${W / 4}u;
let ${X}Vector = index % ${W / 4}u;
//: if V
var ${X}At = (${MATRIX} + (start + ${X}Place) * params.${LENGTH} + ${FIRST}) / 4u + ${X}Vector;
let ${X}Line = params.${LENGTH} / 4u;
//: else
var ${X}At = ${MATRIX} + (start + ${X}Place) * params.${LENGTH} + ${FIRST} + ${X}Vector * 4u;
let ${X}Line = params.${LENGTH};
//: end
//: end
//: for v in 0..(W * D + 4 * THREADS - 1) / (4 * THREADS)
var ${X}${v}: vec4f;
//: end
