// Loads what thread `part` of the PARTS of column j holds of a matrix: k0, k1, ... of k, and of its transpose kt where it has
// another. Template: STRIDE, PARTS, HELD, SYMMETRIC as in sinkhorn/held_forward.wgsl.
//: for r in 0..HELD
let k${r} = k[(${PARTS * r}u + part) * ${STRIDE}u + j];
//: if !SYMMETRIC
let kt${r} = kt[(${PARTS * r}u + part) * ${STRIDE}u + j];
//: end
//: end
