import { type Array as JaxArray, lax, nn, numpy as np } from "@jax-js/jax";
import { values } from "./random.ts";

/** What a training step carries from one call to the next, all consumed and made anew. */
export interface ResNetState {
  /** Trainable values in the order the forward pass takes them. */
  params: JaxArray[];
  /** Running mean and variance of each batch normalisation in turn, shape `[1, channels, 1, 1]`. */
  running: JaxArray[];
}

/** Takes the parameters one by one in the order {@linkcode initialState} made them in. */
interface Cursor {
  params: JaxArray[];
  next: number;
  /** Batch mean and unbiased variance of each batch normalisation met so far. */
  statistics: JaxArray[];
}

const take = (cursor: Cursor): JaxArray => cursor.params[cursor.next++];

const WIDTHS = [16, 32, 64];

/** Parameters and running statistics of resnet8 with one input channel. */
export function initialState(classes: number): ResNetState {
  const state: ResNetState = { params: [], running: [] };
  const conv = (inChannels: number, outChannels: number, kernel: number) => {
    const fan = inChannels * kernel * kernel;
    state.params.push(
      np.array(values(fan * outChannels, Math.sqrt(3 / fan), fan + outChannels))
        .reshape([outChannels, inChannels, kernel, kernel]),
      np.array(values(outChannels, 0).fill(1)).reshape([1, outChannels, 1, 1]),
      np.array(values(outChannels, 0)).reshape([1, outChannels, 1, 1]),
    );
    state.running.push(
      np.array(values(outChannels, 0)).reshape([1, outChannels, 1, 1]),
      np.array(values(outChannels, 0).fill(1)).reshape([1, outChannels, 1, 1]),
    );
  };
  conv(1, 16, 3);
  let channels = 16;
  for (const width of WIDTHS) {
    conv(channels, width, 3);
    conv(width, width, 3);
    if (width !== channels) conv(channels, width, 1);
    channels = width;
  }
  state.params.push(
    np.array(values(64 * classes, 0.2)).reshape([64, classes]),
    np.array(values(classes, 0)),
  );
  return state;
}

/** A convolution with PyTorch's padding and a batch normalisation in train mode after it. */
function convNorm(x: JaxArray, cursor: Cursor, stride: number): JaxArray {
  const weight = take(cursor), scale = take(cursor), offset = take(cursor);
  const padding = (weight.shape[2] - 1) / 2;
  const y = lax.convGeneralDilated(x, weight, [stride, stride], [
    [padding, padding],
    [padding, padding],
  ]);
  const count = y.size / y.shape[1];
  const mean = np.mean(y.ref, [0, 2, 3], { keepdims: true });
  const centred = y.sub(mean.ref);
  const variance = np.mean(np.square(centred.ref), [0, 2, 3], { keepdims: true });
  cursor.statistics.push(mean, variance.ref.mul(count / (count - 1)));
  const factor = scale.div(np.sqrt(variance.add(1e-5)));
  return centred.mul(factor).add(offset);
}

/** Mean cross-entropy of resnet8 on `[N, 1, 28, 28]`, and the batch statistics it met. */
export function resnetLoss(
  params: JaxArray[],
  images: JaxArray,
  oneHot: JaxArray,
): [JaxArray, JaxArray[]] {
  const cursor: Cursor = { params, next: 0, statistics: [] };
  let x = nn.relu(convNorm(images, cursor, 1));
  for (const [stage, width] of WIDTHS.entries()) {
    const stride = stage === 0 ? 1 : 2;
    const changes = x.shape[1] !== width;
    const inner = nn.relu(convNorm(x.ref, cursor, stride));
    const main = convNorm(inner, cursor, 1);
    x = nn.relu(main.add(changes ? convNorm(x, cursor, stride) : x));
  }
  const logits = np.matmul(np.mean(x, [2, 3]), take(cursor)).add(take(cursor));
  const loss = np.mean(np.sum(nn.logSoftmax(logits).mul(oneHot), 1)).mul(-1);
  return [loss, cursor.statistics];
}
