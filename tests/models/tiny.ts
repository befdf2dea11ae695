import { globalAverage } from "../../src/models/blocks/global_average.ts";
import { Model, type ModelOutput } from "../../src/models/model.ts";
import { BatchNorm2d } from "../../src/nn/batch_norm2d.ts";
import { Conv2d } from "../../src/nn/conv2d.ts";
import { Linear } from "../../src/nn/linear.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

/** The model whose weights torch wrote into `fixtures/pth`, for 5 classes and 3 channels there. */
export class Tiny extends Model {
  override readonly stageChannels = [4];
  readonly conv1: Conv2d;
  readonly bn1 = new BatchNorm2d(4);
  readonly fc: Linear;

  constructor(numClasses: number, inChannels = 3) {
    super();
    this.conv1 = new Conv2d(inChannels, 4, { kernelSize: 3, bias: false });
    this.fc = new Linear(4, numClasses);
  }

  override get classifier(): Linear {
    return this.fc;
  }

  override forward(images: Tensor): ModelOutput {
    const map = this.bn1.forward(this.conv1.forward(images), { relu: true });
    const pooledFeat = globalAverage(map);
    const features = { feats: [map], preactFeats: [], pooledFeat };
    return { logits: this.fc.forward(pooledFeat), features };
  }
}
