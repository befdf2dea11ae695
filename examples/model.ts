/** A small convolutional network, for `DISTILLER.STUDENT tiny_net`. */
import * as wkd from "../mod.ts";

class TinyNet extends wkd.Model {
  override readonly stageChannels = [16, 32];
  readonly stem: wkd.Conv2d;
  readonly bn1: wkd.BatchNorm2d;
  readonly conv2: wkd.Conv2d;
  readonly bn2: wkd.BatchNorm2d;
  readonly pool = new wkd.AdaptiveAvgPool2d(1);
  readonly head: wkd.Sequential;
  readonly fc: wkd.Linear;

  constructor({ numClasses = 100, inChannels = 3 }: wkd.ModelOptions) {
    super();
    this.stem = new wkd.Conv2d(inChannels, 16, { kernelSize: 3, padding: 1, bias: false });
    this.bn1 = new wkd.BatchNorm2d(16);
    this.conv2 = new wkd.Conv2d(16, 32, { kernelSize: 3, padding: 1, stride: 2, bias: false });
    this.bn2 = new wkd.BatchNorm2d(32);
    this.head = new wkd.Sequential(new wkd.Linear(32, 32), new wkd.LayerNorm(32), new wkd.GELU());
    this.fc = new wkd.Linear(32, numClasses);
  }

  override get classifier(): wkd.Linear {
    return this.fc;
  }

  override forward(images: wkd.Tensor): wkd.ModelOutput {
    const first = this.bn1.forward(this.stem.forward(images)).relu();
    const second = this.bn2.forward(this.conv2.forward(first)).relu();
    const pooledFeat = this.head.forward(this.pool.forward(second).flatten(1));
    const features = { feats: [first, second], preactFeats: [], pooledFeat };
    return { logits: this.fc.forward(pooledFeat), features };
  }
}

wkd.registerModel({ name: "tiny_net", build: (options) => new TinyNet(options) });
