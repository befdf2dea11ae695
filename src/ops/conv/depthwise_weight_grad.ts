import code from "../../../kernels/conv/conv2d_depthwise_weight_grad.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import { Tensor } from "../../tensor/core.ts";
import { wgslFloat } from "../../tensor/dtype.ts";
import { linearGrid } from "../grid.ts";
import { sumPartials } from "../reduce/sum_partials.ts";
import { scratchLike } from "../tuned.ts";
import { chooseDepthwiseTile, type DepthwiseTile } from "./depthwise_tile.ts";
import { type ConvGeometry, weightShape } from "./geometry.ts";

const weightGradKernel = new Kernel("conv2d_depthwise_weight_grad", code);

/** Threads that keep a device busy. */
const THREADS = { software: 4096, hardware: 65536 } as const;

/** Weight gradient of a depthwise convolution: a thread sweeps over strips of one channel's planes. */
export function convWeightGradDepthwise(
  x: Tensor,
  dy: Tensor,
  g: ConvGeometry,
  software: boolean,
  insisted?: DepthwiseTile,
): Tensor {
  const { values, tilesX, tilesY, rows } = insisted ??
    chooseDepthwiseTile(x, g, software, weightGradKernel, [], (tile) => {
      convWeightGradDepthwise(scratchLike(x), scratchLike(dy), g, software, tile);
    });
  const allStrips = g.images * tilesX * tilesY;
  const threads = THREADS[software ? "software" : "hardware"];
  const strips = Math.ceil(allStrips / Math.min(allStrips, Math.ceil(threads / g.outChannels)));
  const splits = Math.ceil(allStrips / strips);
  const partials = Tensor.result(x.gpu, [splits, g.outChannels * g.kernelY * g.kernelX]);
  x.gpu.dispatch(weightGradKernel, {
    bindings: { x, dy, partials },
    params: {
      threads: g.outChannels * splits,
      splits,
      strips,
      allStrips,
      tilesX,
      tilesY,
      rows,
      channels: g.outChannels,
      height: g.height,
      width: g.width,
      outHeight: g.outHeight,
      outWidth: g.outWidth,
      padY: g.padY,
    },
    values: { ...values, E: wgslFloat(x.dtype) },
    workgroups: linearGrid(Math.ceil(g.outChannels * splits / 64)),
  });
  return sumPartials(partials, weightShape(g));
}
