import code from "../../../kernels/conv/conv2d_lanes.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import { Tensor } from "../../tensor/core.ts";
import { type ConvEnding, endingBindings, NO_ENDING } from "./ending.ts";
import { type ConvGeometry, turnedGeometry } from "./geometry.ts";
import { chooseLanesTile } from "./lanes_tile.ts";
import {
  forwardView,
  gradientView,
  packLanes,
  type WeightView,
  weightWindows,
  windowParams,
} from "./pack.ts";

const lanesKernel = new Kernel("conv2d_lanes", code);

/** One convolution, or with `grad` the input gradient of one with a stride. */
interface LanesWork {
  readonly x: Tensor;
  readonly outShape: readonly [number, number, number, number];
  readonly weight: Tensor;
  readonly view: WeightView;
  readonly bias?: Tensor | null;
  readonly g: ConvGeometry;
  readonly grad: boolean;
  readonly ending: ConvEnding;
}

/** Forward convolution on software adapters with subgroups and 64-bit integers; null where other kernels do better. */
export function convForwardLanes(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  g: ConvGeometry,
  ending: ConvEnding = NO_ENDING,
): Tensor | null {
  const outShape = [g.images, g.outChannels, g.outHeight, g.outWidth] as const;
  return run({ x, outShape, weight, view: forwardView(g), bias, g, grad: false, ending });
}

/** Its input gradient, plus `residual`. */
export function convInputGradLanes(
  dy: Tensor,
  weight: Tensor,
  g: ConvGeometry,
  residual: Tensor | null = null,
): Tensor | null {
  const outShape = [g.images, g.inChannels, g.height, g.width] as const;
  const grad = g.strideY > 1;
  return run({
    ...{ x: dy, outShape, weight, view: gradientView(g, !grad), grad, ending: { residual } },
    g: grad ? g : turnedGeometry(g),
  });
}

function run(work: LanesWork): Tensor | null {
  const { x, outShape, weight, view, bias = null, g, grad, ending } = work;
  const { subgroups: { size: lanes }, int64 } = x.gpu;
  const tile = int64 ? chooseLanesTile(g, view.groupOut, lanes, grad) : null;
  if (!tile) return null;
  const { W, OW, TY, T, KR, VEC, VOUT, ODD, R0, R, M, step } = tile;
  const packed = packLanes(weight, view, { lanes, channelTile: T, parts: g.kernelY / KR });
  const y = Tensor.result(x.gpu, outShape);
  const outPlane = outShape[2] * outShape[3];
  const tiles = Math.ceil(outPlane / (TY * OW));
  for (const window of weightWindows(packed, view.groupIn)) {
    const part = { first: !window.accumulate, last: window.last };
    const { bindings, epilogue } = endingBindings(x, bias, ending, part);
    x.gpu.dispatch(lanesKernel, {
      bindings: { x, w: window.range, y, ...bindings },
      params: {
        images: g.images,
        tiles,
        plane: x.shape[2] * x.shape[3] / (ODD ? 1 : VEC),
        outPlane: outPlane / VOUT,
        step: step * W / VEC,
        first: (R0 * W - M) / VEC,
        ...windowParams(window, packed, view),
        allIn: x.shape[1],
        allOut: outShape[1],
        epilogue,
      },
      values: {
        ...{ W, OW, TY, T, KR, VEC, VOUT, ODD, R0, R, M },
        KH: g.kernelY,
        KW: g.kernelX,
        S: g.strideY,
        PY: g.padY,
        PX: g.padX,
        GRAD: Number(grad),
        ACC: Number(window.accumulate),
      },
      workgroups: [Math.ceil(g.images * tiles * lanes / 64), window.blocks],
    });
  }
  packed.tensor.dispose();
  return y;
}
