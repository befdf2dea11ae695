import { UserError } from "../../errors.ts";
import { BatchNorm2d } from "../../nn/batch_norm2d.ts";
import { Conv2d } from "../../nn/conv2d.ts";
import { ConvTranspose2d } from "../../nn/conv_transpose2d.ts";
import { Module } from "../../nn/module.ts";
import { formatShape, type Shape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";

const HIDDEN = 256;

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

/**
 * Takes a student's feature map to the teacher's channels through 256 hidden ones: 1 x 1, 3 x 3 and
 * 1 x 1 convolutions, batch normalisation, ReLU. WKD: `ConvRegBottleNeck`.
 */
export class ConvRegBottleneck extends Module {
  readonly conv1: Conv2d;
  readonly conv2: Conv2d;
  readonly conv3: Conv2d;
  readonly bn: BatchNorm2d;

  /** @throws UserError when the maps differ in size. */
  constructor(student: Shape, teacher: Shape) {
    super();
    if (student[2] !== teacher[2] || student[3] !== teacher[3]) {
      throw new UserError(
        `the bottleneck projector wants maps of one size, not ${formatShape(student)} and ` +
          `${formatShape(teacher)}; use WKD.PROJECTOR conv1x1`,
      );
    }
    this.conv1 = new Conv2d(student[1], HIDDEN, { kernelSize: 1 });
    this.conv2 = new Conv2d(HIDDEN, HIDDEN, { kernelSize: 3, padding: 1 });
    this.conv3 = new Conv2d(HIDDEN, teacher[1], { kernelSize: 1 });
    this.bn = new BatchNorm2d(teacher[1]);
  }

  forward(x: Tensor): Tensor {
    const hidden = this.conv2.forward(this.conv1.forward(x));
    return this.bn.forward(this.conv3.forward(hidden), { relu: true });
  }
}
