import packCode from "../../../kernels/conv/conv2d_pack.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { linearGrid } from "../grid.ts";

const packKernel = new Kernel("conv2d_pack", packCode);

/** Bytes of the uniform window through which the direct kernels read weights. */
const WINDOW = 65536;

/** Weights in the order the direct kernels read them. */
export interface PackedWeights {
  readonly tensor: Tensor;
  /** Output channels in a group. */
  readonly tile: number;
  readonly groups: number;
  /** Input channels of each chunk that a window holds; the last may have fewer. */
  readonly chunkIn: number;
  readonly chunks: number;
  /** Bytes from one (group, chunk) block to the next. */
  readonly blockBytes: number;
}

/** A window over packed weights: what one dispatch uses. */
export interface WeightWindow {
  readonly range: { buffer: GPUBuffer; offset: number; size: number };
  readonly firstGroup: number;
  readonly groups: number;
  readonly firstIn: number;
  readonly inChannels: number;
  readonly accumulate: boolean;
}

/** How to read a weight tensor as `w[out, in, tap]`. */
export interface WeightView {
  readonly outChannels: number;
  readonly inChannels: number;
  readonly taps: number;
  readonly strideOut: number;
  readonly strideIn: number;
  /** Reverses the taps, for the input gradient. */
  readonly flip: boolean;
}

/** Packs a weight for the direct kernels with `tile` output channels a thread. */
export function packWeights(weight: Tensor, view: WeightView, tile: number): PackedWeights {
  const { gpu } = weight;
  const align = Math.max(16, gpu.device.limits.minUniformBufferOffsetAlignment);
  const perChannel = view.taps * tile * 4;
  const chunks = Math.ceil(view.inChannels / Math.floor(WINDOW / perChannel));
  const chunkIn = Math.ceil(view.inChannels / chunks);
  const blockBytes = Math.ceil(chunkIn * perChannel / align) * align;
  const groups = Math.ceil(view.outChannels / tile);
  const total = groups * chunks * blockBytes / 4;
  // The kernel's window is always 64 KB long, so the buffer must go on behind the last block.
  const tensor = Tensor.result(gpu, [total + WINDOW / 4]);
  gpu.dispatch(packKernel, {
    bindings: { w: weight.storage, packed: tensor.storage },
    params: {
      total,
      tile,
      taps: view.taps,
      chunkIn,
      chunks,
      blockStride: blockBytes / 4,
      inChannels: view.inChannels,
      outChannels: view.outChannels,
      strideOut: view.strideOut,
      strideIn: view.strideIn,
      flip: Number(view.flip),
    },
    workgroups: linearGrid(Math.ceil(total / 64)),
  });
  return { tensor, tile, groups, chunkIn, chunks, blockBytes };
}

/** The windows that cover all weights, each at most 64 KB. */
export function* weightWindows(packed: PackedWeights, inChannels: number): Iterable<WeightWindow> {
  const { tensor, groups, chunks, chunkIn, blockBytes } = packed;
  const { buffer, offset } = tensor.storage;
  const perWindow = chunks > 1 ? 1 : Math.floor(WINDOW / blockBytes);
  for (let first = 0; first < groups; first += perWindow) {
    for (let chunk = 0; chunk < chunks; chunk++) {
      yield {
        range: { buffer, offset: offset + (first * chunks + chunk) * blockBytes, size: WINDOW },
        firstGroup: first,
        groups: Math.min(perWindow, groups - first),
        firstIn: chunk * chunkIn,
        inChannels: Math.min(chunkIn, inChannels - chunk * chunkIn),
        accumulate: chunk > 0,
      };
    }
  }
}
