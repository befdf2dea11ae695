// Loads what conv2d_tiled needs for the next step of its sum: packed weights, and the source at the taps, with what to mask.
//: if K == D
let tap = (firstTapY + tapY * side) * params.kernelX + firstTapX + tapX * side;
let atA = blockA + (channel / ${D}u * taps + tap) * ${D * BM / 4}u + index;
//: for v in 0..(BM * D + 4 * THREADS - 1) / (4 * THREADS)
weight${v} = a[atA + ${v * THREADS}u];
//: end
let offsetY = params.direction * tapY;
let offsetX = params.direction * tapX;
let offset = (channel + placeB) * sourcePlane + offsetY * params.sourceWidth + offsetX;
//: for j in 0..VB?1:4
valid0_${j} = y${j} + offsetY < params.sourceHeight && x${j} + offsetX < params.sourceWidth;
let at${j} = select(0u, first${j} + offset, valid0_${j});
//: end
//: for v in 0..D / P
//: if VB
next${v} = b[(at0 + ${v * P}u * sourcePlane) / 4u];
//: else
next${v} = vec4<${E}>(
  //: for j in 0..4
  b[at${j} + ${v * P}u * sourcePlane],
  //: end
);
//: end
//: if !WHOLE
left${v} = channel + placeB + ${v * P}u < params.channels;
//: end
//: end
let lastX = tapX + 1u >= tapsX;
let lastTap = lastX && tapY + 1u >= tapsY;
tapX = select(tapX + 1u, 0u, lastX);
tapY = select(select(tapY, tapY + 1u, lastX), 0u, lastTap);
channel = select(channel, channel + ${D}u, lastTap);
//: else
//: for v in 0..(BM * D + 4 * THREADS - 1) / (4 * THREADS)
let unitA${v} = loaded * ${D / K}u + placeA${v} / ${K}u;
let tapA${v} = (firstTapY + unitA${v} / countX * side) * params.kernelX + firstTapX + unitA${v} % countX * side;
leftA${v} = unitA${v} < tapsY * tapsX;
let atA${v} = (tapA${v} * ${K}u + placeA${v} % ${K}u) * ${BM / 4}u + (index + ${v * THREADS}u) % ${BM / 4}u;
weight${v} = a[select(0u, blockA + atA${v}, leftA${v})];
//: end
//: for u in 0..D / G
let unit${u} = loaded * ${D / K}u + placeB / ${K}u + ${u * G / K}u;
let offsetY${u} = params.direction * (unit${u} / countX);
let offsetX${u} = params.direction * (unit${u} % countX);
let offset${u} = offsetY${u} * params.sourceWidth + offsetX${u};
//: for j in 0..VB?1:4
valid${u}_${j} = unit${u} < tapsY * tapsX &&
  y${j} + offsetY${u} < params.sourceHeight && x${j} + offsetX${u} < params.sourceWidth;
let at${u}_${j} = select(0u, first${j} + offset${u}, valid${u}_${j});
//: end
//: end
//: for v in 0..D / P
let plane${v} = (placeB + ${v * P}u) % ${K}u * sourcePlane;
//: if VB
next${v} = b[(at${v * P / G}_0 + plane${v}) / 4u];
//: else
next${v} = vec4<${E}>(
  //: for j in 0..4
  b[at${v * P / G}_${j} + plane${v}],
  //: end
);
//: end
//: end
loaded++;
//: end
