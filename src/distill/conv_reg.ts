import { UserError } from "../errors.ts";
import { BatchNorm2d } from "../nn/batch_norm2d.ts";
import { Conv2d } from "../nn/conv2d.ts";
import { ConvTranspose2d } from "../nn/conv_transpose2d.ts";
import { Module } from "../nn/module.ts";
import { formatShape, type Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

/**
 * Takes a student's feature map to the teacher's shape: one convolution, batch normalisation, ReLU.
 * The convolution doubles or halves the size, else shrinks it by an unpadded kernel, or is 1 x 1. mdistiller: `ConvReg`.
 */
export class ConvReg extends Module {
  readonly conv: Conv2d | ConvTranspose2d;
  readonly bn: BatchNorm2d;

  /** @throws UserError when the student's map is smaller but not half the teacher's. */
  constructor(student: Shape, teacher: Shape) {
    super();
    const [, inChannels, height, width] = student;
    const [, outChannels, teacherHeight, teacherWidth] = teacher;
    if (height * 2 === teacherHeight && width * 2 === teacherWidth) {
      this.conv = new ConvTranspose2d(inChannels, outChannels, {
        kernelSize: 4,
        stride: 2,
        padding: 1,
      });
    } else if (height === 2 * teacherHeight && width === 2 * teacherWidth) {
      this.conv = new Conv2d(inChannels, outChannels, { kernelSize: 3, stride: 2, padding: 1 });
    } else if (height >= teacherHeight && width >= teacherWidth) {
      const kernelSize: [number, number] = [1 + height - teacherHeight, 1 + width - teacherWidth];
      this.conv = new Conv2d(inChannels, outChannels, { kernelSize });
    } else {
      throw new UserError(
        `no projector takes the student's feature ${formatShape(student)} to the teacher's ` +
          formatShape(teacher),
      );
    }
    this.bn = new BatchNorm2d(outChannels);
  }

  forward(x: Tensor): Tensor {
    return this.bn.forward(this.conv.forward(x), { relu: true });
  }
}
