import { BatchNorm2d } from "../../nn/batch_norm2d.ts";
import { Conv2d } from "../../nn/conv2d.ts";
import { kaimingUniform } from "../../nn/init.ts";
import { Module } from "../../nn/module.ts";
import { Sequential } from "../../nn/sequential.ts";
import { cat } from "../../ops/shape/cat.ts";
import { upsampleNearest } from "../../ops/shape/upsample_nearest.ts";
import type { FloatType } from "../../tensor/dtype.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/**
 * Fuses a student's feature map with what was made of deeper ones, by weights at every position, and takes the result to
 * the teacher's channels. mdistiller: `ABF`.
 */
export class ReviewFusion extends Module {
  readonly conv1: Sequential<Conv2d | BatchNorm2d>;
  readonly conv2: Sequential<Conv2d | BatchNorm2d>;
  /** Null in the deepest, which has nothing to fuse with. */
  readonly att_conv: Sequential<Conv2d> | null;

  /** Channels of the feature, within, and of the teacher's feature. */
  constructor(inputs: number, middle: number, outputs: number, fuse: boolean) {
    super();
    this.conv1 = normalised(new Conv2d(inputs, middle, { kernelSize: 1, bias: false }));
    this.conv2 = normalised(
      new Conv2d(middle, outputs, { kernelSize: 3, padding: 1, bias: false }),
    );
    this.att_conv = fuse ? new Sequential(new Conv2d(2 * middle, 2, { kernelSize: 1 })) : null;
  }

  /**
   * @param x the student's feature
   * @param deeper what the stage after it handed on, taken to `size` by nearest neighbours
   * @param outSize height and width of the teacher's feature
   * @returns what is compared with the teacher's feature, and what is handed on
   */
  forward(
    x: Tensor,
    deeper: Tensor | null,
    size: number,
    outSize: number,
  ): { output: Tensor; onward: Tensor } {
    let onward = this.conv1.forward(x);
    if (this.att_conv && deeper) {
      const above = resized(deeper, size);
      const weights = this.att_conv.forward(cat([onward, above], 1)).sigmoid()
        .to(onward.dtype as FloatType);
      onward = onward.mul(weights.slice(1, 0, 1)).add(above.mul(weights.slice(1, 1, 2)));
    }
    onward = resized(onward, outSize);
    return { output: this.conv2.forward(onward), onward };
  }
}

function normalised(conv: Conv2d): Sequential<Conv2d | BatchNorm2d> {
  conv.weight.copy_(kaimingUniform(conv.weight.shape, { a: 1 }));
  return new Sequential<Conv2d | BatchNorm2d>(conv, new BatchNorm2d(conv.weight.shape[0]));
}

function resized(x: Tensor, size: number): Tensor {
  return x.shape[3] === size ? x : upsampleNearest(x, size / x.shape[3]);
}
