import lanesCode from "../../../kernels/conv/conv2d_lanes_pack.wgsl" with { type: "text" };
import packCode from "../../../kernels/conv/conv2d_pack.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import type { Tensor } from "../../tensor/core.ts";
import type { ConvGeometry } from "./geometry.ts";
import { packedWeight } from "./kept_weights.ts";

const packKernel = new Kernel("conv2d_pack", packCode);
const lanesKernel = new Kernel("conv2d_lanes_pack", lanesCode);

/** Bytes of the uniform window through which the direct kernels read weights. */
const WINDOW = 65536;

/** Weights in the order the direct kernels read them. */
interface PackedWeights {
  readonly tensor: Tensor;
  /** Blocks of `tile` output channels; those of one group of the convolution are `groupBlocks`. */
  readonly blocks: number;
  readonly groupBlocks: number;
  /** Input channels of each chunk that a window holds; the last may have fewer. */
  readonly chunkIn: number;
  readonly chunks: number;
  /** Bytes from one (block, chunk) to the next. */
  readonly blockBytes: number;
}

/** A window over packed weights: what one dispatch uses. */
interface WeightWindow {
  readonly range: { buffer: GPUBuffer; offset: number; size: number };
  readonly firstBlock: number;
  readonly blocks: number;
  readonly firstIn: number;
  readonly inChannels: number;
  /** Whether other windows have summed the same outputs before. */
  readonly accumulate: boolean;
  /** Whether none will after. */
  readonly last: boolean;
}

/** How to read a weight tensor as `w[group, out, in, tap]`. */
export interface WeightView {
  readonly groups: number;
  /** Output channels of a group. */
  readonly groupOut: number;
  /** Input channels of a group. */
  readonly groupIn: number;
  readonly taps: number;
  readonly strideOut: number;
  readonly strideIn: number;
  /** Reverses the taps, for the input gradient. */
  readonly flip: boolean;
}

/** How the forward kernels read the weight of a convolution. */
export function forwardView(g: ConvGeometry): WeightView {
  const taps = g.kernelY * g.kernelX;
  const groupIn = g.inChannels / g.groups;
  const groupOut = g.outChannels / g.groups;
  return {
    groups: g.groups,
    groupOut,
    groupIn,
    taps,
    strideOut: groupIn * taps,
    strideIn: taps,
    flip: false,
  };
}

/** How the input gradients read it: the roles of the channels swapped, with `flip` the taps reversed. */
export function gradientView(g: ConvGeometry, flip: boolean): WeightView {
  const { groups, groupOut, groupIn, taps, strideOut, strideIn } = forwardView(g);
  return {
    groups,
    groupOut: groupIn,
    groupIn: groupOut,
    taps,
    strideOut: strideIn,
    strideIn: strideOut,
    flip,
  };
}

/** Packs a weight for the direct kernels with `tile` output channels a thread. */
export function packWeights(weight: Tensor, view: WeightView, tile: number): PackedWeights {
  return pack(packKernel, weight, view, { tile, perChannel: view.taps * tile, each: 1 }, { tile });
}

/**
 * Packs a weight for the kernels whose `lanes` lanes have `channelTile` output channels each and take the taps in `parts`.
 */
export function packLanes(
  weight: Tensor,
  view: WeightView,
  layout: { readonly lanes: number; readonly channelTile: number; readonly parts: number },
): PackedWeights {
  const { lanes, channelTile, parts } = layout;
  const block = {
    tile: lanes * channelTile,
    perChannel: parts * Math.ceil(channelTile * view.taps / parts / 4) * 4 * lanes,
    each: 4,
  };
  return pack(lanesKernel, weight, view, block, layout);
}

/** How a kernel packs. */
interface PackedBlock {
  /** Output channels of a block. */
  readonly tile: number;
  /** Floats of an input channel in a block. */
  readonly perChannel: number;
  /** Floats a thread. */
  readonly each: number;
}

function pack(
  kernel: Kernel,
  weight: Tensor,
  view: WeightView,
  { tile, perChannel, each }: PackedBlock,
  layout: Readonly<Record<string, number>>,
): PackedWeights {
  const { gpu } = weight;
  const align = Math.max(16, gpu.device.limits.minUniformBufferOffsetAlignment);
  const chunks = Math.ceil(view.groupIn / Math.floor(WINDOW / (4 * perChannel)));
  const chunkIn = Math.ceil(view.groupIn / chunks);
  const blockBytes = Math.ceil(chunkIn * perChannel * 4 / align) * align;
  const groupBlocks = Math.ceil(view.groupOut / tile);
  const blocks = view.groups * groupBlocks;
  const total = blocks * chunks * blockBytes / 4;
  // The kernel's window is always 64 KB long, so the buffer must go on behind the last block.
  const params = {
    ...layout,
    taps: view.taps,
    chunkIn,
    chunks,
    blockStride: blockBytes / 4,
    groupBlocks,
    groupIn: view.groupIn,
    groupOut: view.groupOut,
    strideGroup: view.groupOut * view.groupIn * view.taps,
    strideOut: view.strideOut,
    strideIn: view.strideIn,
    flip: Number(view.flip),
  };
  const order = `${kernel.name} ${Object.values(params)}`;
  const tensor = packedWeight(
    weight,
    order,
    total + WINDOW / 4,
    "float32",
    (packed) =>
      gpu.dispatch(kernel, {
        bindings: { w: weight, packed },
        params,
        workgroups: [Math.ceil(blockBytes / 4 / each / 64), blocks * chunks],
      }),
  );
  return { tensor, blocks, groupBlocks, chunkIn, chunks, blockBytes };
}

/** The windows that cover all weights, each at most 64 KB. */
export function* weightWindows(packed: PackedWeights, groupIn: number): Iterable<WeightWindow> {
  const { tensor, blocks, chunks, chunkIn, blockBytes } = packed;
  const { buffer, offset } = tensor.storage;
  const perWindow = chunks > 1 ? 1 : Math.floor(WINDOW / blockBytes);
  for (let first = 0; first < blocks; first += perWindow) {
    for (let chunk = 0; chunk < chunks; chunk++) {
      yield {
        range: { buffer, offset: offset + (first * chunks + chunk) * blockBytes, size: WINDOW },
        firstBlock: first,
        blocks: Math.min(perWindow, blocks - first),
        firstIn: chunk * chunkIn,
        inChannels: Math.min(chunkIn, groupIn - chunk * chunkIn),
        accumulate: chunk > 0,
        last: chunk === chunks - 1,
      };
    }
  }
}

/** What the kernels that take weights by windows are told of one, under their names for it. */
export function windowParams(
  { inChannels, firstIn, firstBlock }: WeightWindow,
  { groupBlocks, blockBytes }: PackedWeights,
  { groupIn, groupOut }: WeightView,
) {
  const blockStride = blockBytes / 16;
  return { inChannels, firstIn, groupIn, groupOut, firstBlock, groupBlocks, blockStride };
}
