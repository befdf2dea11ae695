import { BatchNorm2d, type BatchNormEpilogue } from "../../nn/batch_norm2d.ts";
import type { Conv2d } from "../../nn/conv2d.ts";
import { Module } from "../../nn/module.ts";
import { Sequential } from "../../nn/sequential.ts";
import { index } from "../../ops/shape/index.ts";
import { pad } from "../../ops/shape/pad.ts";
import { reshape } from "../../ops/shape/reshape.ts";
import { relu } from "../../ops/elementwise/unary.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { kaimingConv } from "./layers.ts";
import type { PreactOutput } from "./stage.ts";

/** What a model calls the shortcut of a block that changes size. */
type ShortcutName = "downsample" | "shortcut";

/** Sizes of a {@linkcode ResidualBlock}. */
export interface ResidualBlockOptions {
  /** Above 1 it halves (thirds, ...) the planes. Default 1. */
  stride?: number;
  /** Default `downsample`. */
  shortcutName?: ShortcutName;
  /** What a block does that changes size: a `convolution` (option B of He et al.), or `zeros` for new channels (A). Default `convolution`. */
  shortcut?: "convolution" | "zeros";
}

/** ReLU of a branch of convolutions plus a shortcut (He et al., 2016). */
export abstract class ResidualBlock extends Module {
  readonly #shortcutName: ShortcutName;
  readonly #kind: ResidualBlockOptions["shortcut"];
  #shortcut: Downsample | null = null;
  #zeros: ZeroShortcut | null = null;

  /** The shortcut's name is part of the state dict, where the shortcut has parameters. */
  constructor({ shortcutName = "downsample", shortcut = "convolution" }: ResidualBlockOptions) {
    super();
    this.#shortcutName = shortcutName;
    this.#kind = shortcut;
  }

  /** The branch's last batch normalisation. */
  abstract get lastNorm(): BatchNorm2d;

  /** The convolutions; the last batch normalisation ends with `last`. */
  protected abstract branch(x: Tensor, last: BatchNormEpilogue): Tensor;

  /** Makes the shortcut where the size changes; the last call of a constructor. */
  protected makeShortcut(inChannels: number, outChannels: number, stride: number): void {
    if (stride === 1 && inChannels === outChannels) return;
    if (this.#kind === "zeros") this.#zeros = { stride, channels: outChannels - inChannels };
    else this.#shortcut = new Downsample(inChannels, outChannels, stride);
  }

  /** The shortcut comes last. */
  override *namedChildren(): Iterable<[string, Module]> {
    yield* super.namedChildren();
    if (this.#shortcut) yield [this.#shortcutName, this.#shortcut];
  }

  /** [N, in, H, W] to [N, out, H / stride, W / stride]. */
  forward(x: Tensor): Tensor {
    return this.branch(x, { relu: true, residual: this.#residual(x) });
  }

  /** The output behind and before its last ReLU. */
  forwardWithPreact(x: Tensor): PreactOutput {
    const preact = this.branch(x, { residual: this.#residual(x) });
    return { output: relu(preact), preact };
  }

  #residual(x: Tensor): Tensor {
    if (this.#zeros) return zeroShortcut(x, this.#zeros);
    return this.#shortcut ? this.#shortcut.forward(x) : x;
  }
}

/** How a shortcut without parameters changes size. */
interface ZeroShortcut {
  /** Distance of the pixels that it takes, in both directions. */
  readonly stride: number;
  /** Channels of zeros that it adds, half of them in front. */
  readonly channels: number;
}

/** Option A of He et al. (2016): [N, C, H, W] to [N, C + channels, H / stride, W / stride]. */
function zeroShortcut(x: Tensor, { stride, channels }: ZeroShortcut): Tensor {
  const every = [null, null, stride] as const;
  const picked = index(x, null, null, every, every);
  const [n, from, height, width] = picked.shape;
  const front = Math.floor(channels / 2);
  const planes = reshape(picked, [n, from, height * width]);
  const padded = pad(planes, [0, 0, front, channels - front]);
  return reshape(padded, [n, from + channels, height, width]);
}

/** The shortcut of a block that changes size: a strided 1 x 1 convolution and batch normalisation. */
class Downsample extends Sequential<Conv2d | BatchNorm2d> {
  /** [N, inChannels, H, W] to [N, channels, H / stride, W / stride]. */
  constructor(inChannels: number, channels: number, stride: number) {
    super(kaimingConv(inChannels, channels, 1, { stride }), new BatchNorm2d(channels));
  }
}
