import type { BasicBlock } from "./basic_block.ts";
import type { Bottleneck } from "./bottleneck.ts";
import type { ResidualBlockOptions } from "./residual_block.ts";
import { Stage } from "./stage.ts";

/** A kind of block: {@linkcode BasicBlock} or {@linkcode Bottleneck}. */
export type BlockKind = typeof BasicBlock | typeof Bottleneck;

/** Blocks of equal width. */
export type ResidualStage = Stage<BasicBlock | Bottleneck>;

/** Blocks of equal width; the first has the stride and takes `inChannels`. */
export function residualStage(
  Block: BlockKind,
  inChannels: number,
  channels: number,
  blocks: number,
  options: ResidualBlockOptions,
): ResidualStage {
  const block = (i: number) =>
    i === 0
      ? new Block(inChannels, channels, options)
      : new Block(channels * Block.expansion, channels, { ...options, stride: 1 });
  const before = Array.from({ length: blocks - 1 }, (_, i) => block(i));
  return new Stage(before, block(blocks - 1));
}
