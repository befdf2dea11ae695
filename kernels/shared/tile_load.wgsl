// Loads the vectors that tile_place chose for the next step.
//: for v in 0..(W * D + 4 * THREADS - 1) / (4 * THREADS)
//: if TURNED
${X}${v} = vec4f(vec4<${E}>(
  //: for j in 0..4
  ${X}[${X}At + ${v * THREADS / D * 4 + j}u * ${X}Line],
  //: end
));
//: end
//: if !TURNED && V
${X}${v} = vec4f(${X}[${X}At + ${v * 4 * THREADS / W}u * ${X}Line]);
//: end
//: if !TURNED && !V
${X}${v} = vec4f(vec4<${E}>(
  //: for j in 0..4
  ${X}[${X}At + ${v * 4 * THREADS / W}u * ${X}Line + ${j}u],
  //: end
));
//: end
//: end
//: if TURNED
${X}At += ${D}u;
//: else
${X}At += ${D}u * ${X}Line;
//: end
