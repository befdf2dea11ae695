import code from "../../../kernels/conv/conv2d_weight_grad_lanes.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import { Tensor } from "../../tensor/core.ts";
import { sumPartials } from "../reduce/sum_partials.ts";
import { type ConvGeometry, weightShape } from "./geometry.ts";
import { chooseWeightGradTile } from "./weight_grad_tile.ts";

const weightGradKernel = new Kernel("conv2d_weight_grad_lanes", code);

const THREADS = 1024;
const MAX_PARTIAL_BYTES = 32 * 2 ** 20;
const MAX_TAPS = 25;
/** Share of the lanes that must have channels: images of three colours are still faster so. */
const WORTH = 3 / 8;

/** Weight gradient on software adapters with subgroups and 64-bit integers; null where other kernels do better. */
export function convWeightGradLanes(x: Tensor, dy: Tensor, g: ConvGeometry): Tensor | null {
  const { subgroups: { size: lanes }, int64 } = x.gpu;
  const taps = g.kernelY * g.kernelX;
  const groupIn = g.inChannels / g.groups;
  const groupOut = g.outChannels / g.groups;
  if (!int64 || lanes < 4 || groupIn < WORTH * lanes || taps > MAX_TAPS) return null;
  const sweep = chooseWeightGradTile(g, lanes);
  if (!sweep) return null;
  const { tile, tile: { TO, TI, TX }, maps: { height, width, outHeight, outWidth } } = sweep;
  const tilesIn = Math.ceil(groupIn / (TI * lanes));
  const tilesOut = Math.ceil(groupOut / TO);
  const tiles = g.groups * tilesIn * tilesOut;
  const stripsPerImage = Math.ceil(outWidth / TX);
  const allStrips = g.images * stripsPerImage;
  const count = g.outChannels * groupIn * taps;
  const wanted = Math.min(
    allStrips,
    Math.ceil(THREADS / lanes / tiles),
    Math.max(1, Math.floor(MAX_PARTIAL_BYTES / (4 * count))),
  );
  const strips = Math.ceil(allStrips / wanted);
  const splits = Math.ceil(allStrips / strips);
  const partials = Tensor.result(x.gpu, [splits, count]);
  x.gpu.dispatch(weightGradKernel, {
    bindings: { x, dy, partials },
    params: {
      ...{ height, width, outHeight, outWidth, groupIn, groupOut, tilesIn, tilesOut },
      ...{ groups: g.groups, padY: g.padY, stripsPerImage, strips, allStrips, splits },
    },
    values: {
      KH: g.kernelY,
      KW: g.kernelX,
      S: g.strideY,
      PX: g.padX,
      ...tile,
    },
    workgroups: [Math.ceil(tiles * splits * lanes / 64)],
  });
  return sumPartials(partials, weightShape(g));
}
