import code from "../../../kernels/conv/conv2d_pointwise_weight_grad.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import { Tensor } from "../../tensor/core.ts";
import { sumPartials } from "../reduce/sum_partials.ts";
import { type ConvGeometry, weightShape } from "./geometry.ts";

const weightGradKernel = new Kernel("conv2d_pointwise_weight_grad", code);

/** Output and input channels of a thread. */
const TO = 4;
const TI = 4;
const THREADS = 1024;
const MAX_PARTIAL_BYTES = 32 * 2 ** 20;

/** Weight gradient of a 1 x 1 convolution with stride 1 for software adapters. */
export function convWeightGradPointwise(x: Tensor, dy: Tensor, g: ConvGeometry): Tensor {
  const LANES = g.height * g.width % 4 === 0 ? 4 : 1;
  const groupIn = g.inChannels / g.groups;
  const groupOut = g.outChannels / g.groups;
  const tilesIn = Math.ceil(groupIn / TI);
  const tilesOut = Math.ceil(groupOut / TO);
  const tiles = g.groups * tilesIn * tilesOut;
  const count = g.outChannels * groupIn;
  const wanted = Math.min(
    g.images,
    Math.ceil(THREADS / tiles),
    Math.max(1, Math.floor(MAX_PARTIAL_BYTES / (4 * count))),
  );
  const splitImages = Math.ceil(g.images / wanted);
  const splits = Math.ceil(g.images / splitImages);
  const partials = Tensor.result(x.gpu, [splits, count]);
  x.gpu.dispatch(weightGradKernel, {
    bindings: { x, dy, partials },
    params: {
      images: g.images,
      splitImages,
      splits,
      plane: g.height * g.width / LANES,
      groups: g.groups,
      groupIn,
      groupOut,
      tilesIn,
      tilesOut,
    },
    values: { TO, TI, LANES },
    workgroups: [Math.ceil(tiles * splits / 64)],
  });
  return sumPartials(partials, weightShape(g));
}
