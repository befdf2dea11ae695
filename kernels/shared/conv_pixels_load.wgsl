// Loads what conv2d_tiled_weight_grad needs for the next step of its sum, and goes on to the pixel of the step after it.
//: for v in 0..(BM * D + 4 * THREADS - 1) / (4 * THREADS)
rows${v} = vec4<${E}>(
  //: for j in 0..4
  dy[atA + ${v * THREADS / D * 4 + j}u * outPlane],
  //: end
);
//: end
//: for t in 0..NB / S
valid${t} = fromY + shiftY${t} < params.height && fromX + shiftX${t} < params.width;
let at${t} = select(0u, first${t} + base, valid${t});
//: for i in 0..S
columns${t * S + i} = vec4<${E}>(
  //: for j in 0..4
  x[at${t} + ${i * 4 + j}u * plane],
  //: end
);
//: end
//: end
fromX += stepX;
let nextRow = fromX >= endX;
fromX = select(fromX, fromX - endX, nextRow);
fromY += select(stepY, stepY + params.stride, nextRow);
let nextImage = fromY >= endY;
fromY = select(fromY, fromY - endY, nextImage);
base += stepBase + select(0u, rowBase, nextRow) + select(0u, imageBase, nextImage);
atA += stepA + select(0u, imageA - outPlane, nextImage);
