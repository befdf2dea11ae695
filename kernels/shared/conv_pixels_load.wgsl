// Loads what conv2d_tiled_weight_grad needs for the next step of its sum, and goes on to the pixel of the step after it.
let atA = firstA + image * params.groups * params.rows * outPlane + oy * params.outWidth + ox;
//: for v in 0..(BM * D + 4 * THREADS - 1) / (4 * THREADS)
rows${v} = vec4<${E}>(
  //: for j in 0..4
  dy[atA + ${v * THREADS / D * 4 + j}u * outPlane],
  //: end
);
//: end
let fromY = oy * params.stride;
let fromX = ox * params.stride;
let base = image * params.groups * params.channels * plane + fromY * params.width + fromX;
//: for v in 0..(BN * D + 4 * THREADS - 1) / (4 * THREADS)
valid${v} = fromY + shiftY${v} < params.height && fromX + shiftX${v} < params.width;
let at${v} = select(0u, first${v} + base, valid${v});
columns${v} = vec4<${E}>(
  //: for j in 0..4
  x[at${v} + ${j}u * plane],
  //: end
);
//: end
ox += params.stepX;
let nextRow = ox >= params.outWidth;
ox = select(ox, ox - params.outWidth, nextRow);
oy += select(params.stepY, params.stepY + 1u, nextRow);
let nextImage = oy >= params.outHeight;
oy = select(oy, oy - params.outHeight, nextImage);
image += select(params.stepImages, params.stepImages + 1u, nextImage);
