import * as wkd from "../../mod.ts";

/** Rows and columns of the images of {@linkcode EveryOp}: odd enough for padding and uneven windows to matter. */
export const EVERY_OP_SIZE = [22, 18] as const;

/** A classifier that uses every op that has an ONNX form, some in several ways. */
export class EveryOp extends wkd.Model {
  readonly stageChannels = [8];
  readonly conv = new wkd.Conv2d(3, 8, { kernelSize: [3, 5], stride: [2, 1], padding: [1, 2] });
  readonly dilated = new wkd.Conv2d(8, 8, { kernelSize: 3, padding: 2, dilation: 2, groups: 2 });
  readonly grown = new wkd.ConvTranspose2d(8, 12, {
    ...{ kernelSize: 3, stride: 2, padding: 1, outputPadding: 1, groups: 2, bias: false },
  });
  readonly bn = new wkd.BatchNorm2d(12);
  readonly upsample = new wkd.Upsample(2);
  readonly maxPool = new wkd.MaxPool2d({ kernelSize: 3, stride: 2, padding: 1, ceilMode: true });
  readonly avgPool = new wkd.AvgPool2d({ kernelSize: 3, stride: 2, padding: 1, ceilMode: true });
  readonly barePool = new wkd.AvgPool2d({
    ...{ kernelSize: 3, stride: 2, padding: 1, ceilMode: true, countIncludePad: false },
  });
  readonly adaptive = new wkd.AdaptiveAvgPool2d([5, 3]);
  readonly norm = new wkd.LayerNorm([12]);
  readonly token = new wkd.Parameter(new Float32Array(12).fill(0.3), { shape: [1, 1, 12] });
  readonly qkv = new wkd.Linear(12, 36);
  readonly dropout = new wkd.Dropout(0.5, wkd.tensor(new Uint32Array(1)).keep());
  readonly hidden = new wkd.Linear(60, 60);
  readonly hiddenNorm = new wkd.BatchNorm2d(60);
  readonly fc = new wkd.Linear(60, 7);
  /** No part of the state dict. */
  readonly #mean = wkd.tensor([0.1, -0.2, 0.05]).keep();

  get classifier() {
    return this.fc;
  }

  forward(images: wkd.Tensor): wkd.ModelOutput {
    const maps = this.#maps(images);
    const pooledFeat = this.#summary(this.#attention(this.#tokens(maps)));
    const logits = this.fc.forward(this.#elementwise(pooledFeat)).logSoftmax(1);
    return { logits, features: { feats: [maps], preactFeats: [], pooledFeat } };
  }

  /** [N, 12, 5, 3] */
  #maps(images: wkd.Tensor): wkd.Tensor {
    const std = wkd.tensor([1.5, 2, 3]).reshape(1, 3, 1, 1);
    let x = this.conv.forward(images.sub(this.#mean.reshape(1, 3, 1, 1)).div(std));
    x = this.dilated.forward(x).relu6().mul(2).add(1).clamp(-Infinity, 3).sub(0.25);
    x = this.bn.forward(this.grown.forward(x));
    const [a, b, c] = [this.maxPool, this.avgPool, this.barePool].map((pool) => pool.forward(x));
    const corner = this.upsample.forward(c.slice(2, 0, 4).slice(3, 1, 3));
    const means = corner.mean({ dims: [2, 3], keepDims: true }).expand(...a.shape);
    const all = wkd.cat([a, b, b.maximum(c), b.minimum(a), means], 2);
    return wkd.pad(this.adaptive.forward(all), [1, -1, 0, 0], 0.5);
  }

  /** [N, 16, 12] */
  #tokens(maps: wkd.Tensor): wkd.Tensor {
    const images = maps.shape[0];
    const tokens = maps.reshape(images, 12, 15).permute(0, 2, 1);
    const whole = wkd.cat([this.token.expand(images, 1, 12), tokens], 1);
    return wkd.layerNorm(this.norm.forward(whole), [12]);
  }

  #attention(x: wkd.Tensor): wkd.Tensor {
    const images = x.shape[0];
    const qkv = this.qkv.forward(x).reshape(images, 16, 3, 2, 6).permute(2, 0, 3, 1, 4);
    const [q, k, v] = [0, 1, 2].map((i) => qkv.at(i));
    const weights = q.matmul(k, { transposeB: true }).mul(1 / Math.sqrt(6)).softmax(-1);
    const mixed = weights.matmul(v).permute(0, 2, 1, 3).reshape(images, 16, 12).add(x);
    const bent = mixed.gelu().add(mixed.gelu({ approximate: "tanh" })).add(mixed.silu());
    return this.dropout.forward(bent.add(mixed.tanh()));
  }

  /** [N, 60] */
  #summary(x: wkd.Tensor): wkd.Tensor {
    const parts = [x.at(null, 0), x.at(null, [1, null, 2]).sum({ dims: 1 }), x.max({ dims: 1 })];
    const rest = [x.var({ dims: 1 }), x.permute(1, 0, 2).std({ dims: [0] })];
    const joined = wkd.cat([...parts, ...rest], 1);
    return this.hiddenNorm.forward(this.hidden.forward(joined));
  }

  #elementwise(x: wkd.Tensor): wkd.Tensor {
    const other = x.abs().add(0.01).log().exp().pow(1.5).neg();
    let y = wkd.where(x.gt(0.1), x, other);
    const backwards = wkd.tensor(Int32Array.from({ length: 60 }, (_, i) => 59 - i));
    y = wkd.indexSelect(y, 1, backwards);
    const best = y.topk(3, { dim: 1 });
    const keepDims = true;
    const facts = [
      best.values.sum({ dims: 1, keepDims }),
      y.gather(1, best.indices).mean({ dims: 1, keepDims }),
      y.norm({ dims: 1, keepDims }),
      y.min({ dims: 1, keepDims }),
      wkd.zeros([x.shape[0], 1]),
    ];
    y = facts.reduce((sum, fact) => sum.add(fact), y.add(wkd.oneHot(y.argmax(1), 60)));
    const holds = y.lt(0.5).add(y.le(0.5)).add(y.ge(1)).add(y.eq(0)).add(y.ne(0));
    return y.add(y.sigmoid()).add(y.relu().sqrt()).add(holds);
  }
}
