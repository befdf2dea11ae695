import code from "../../../kernels/conv/conv2d_weight_grad_lanes.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import { Tensor } from "../../tensor/core.ts";
import { sumPartials } from "../reduce/sum_partials.ts";
import { type ConvGeometry, isPointwise, weightShape } from "./geometry.ts";

const weightGradKernel = new Kernel("conv2d_weight_grad_lanes", code);

const THREADS = 1024;
const MAX_PARTIAL_BYTES = 32 * 2 ** 20;
const MAX_TAPS = 25;
/** Share of the lanes that must have channels: images of three colours are still faster so. */
const WORTH = 3 / 8;
/** Columns of a strip. */
const TX = 4;

/** Weight gradient on software adapters with subgroups; null where other kernels do better. */
export function convWeightGradLanes(x: Tensor, dy: Tensor, g: ConvGeometry): Tensor | null {
  const lanes = x.gpu.subgroups.size;
  const taps = g.kernelY * g.kernelX;
  const groupIn = g.inChannels / g.groups;
  const groupOut = g.outChannels / g.groups;
  if (lanes < 4 || groupIn < WORTH * lanes || taps > MAX_TAPS) return null;
  const { height, width, outHeight, outWidth } = maps(g);
  const { TO, TI } = chooseTile(taps, groupIn, groupOut, lanes);
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
      ...{ TO, TI, TX },
      VX: width % 4 === 0 && g.padX <= 4 ? 4 : 1,
      VD: outWidth % 4 === 0 ? 4 : 1,
    },
    workgroups: [Math.ceil(tiles * splits * lanes / 64)],
  });
  return sumPartials(partials, weightShape(g));
}

/** The maps as the kernel sweeps over them: 1 x 1 convolutions know no rows. */
function maps(g: ConvGeometry): Pick<ConvGeometry, "height" | "width" | "outHeight" | "outWidth"> {
  const rows = g.height * g.width / TX;
  if (!isPointwise(g) || !Number.isInteger(rows)) return g;
  return { height: rows, width: TX, outHeight: rows, outWidth: TX };
}

/** Output channels of a subgroup and input channels of a lane: more make the loop longer than the processor keeps decoded. */
function chooseTile(taps: number, groupIn: number, groupOut: number, lanes: number) {
  const TO = taps > 9 || groupOut <= lanes ? lanes : Math.max(lanes, 16);
  const TI = taps > 1 ? 1 : groupIn > 2 * lanes ? 4 : groupIn > lanes ? 2 : 1;
  return { TO, TI };
}
