import * as tf from "@tensorflow/tfjs-core";
import { values } from "./random.ts";

/** What a forward pass gives: logits `[N, classes]` and the last feature map `[N, H, W, 64]`. */
export interface ResNetOutput {
  /** Class scores before any soft-max. */
  logits: tf.Tensor2D;
  /** The last stage's output, after its ReLU. */
  feature: tf.Tensor4D;
}

/**
 * A convolution without bias, NHWC as TensorFlow.js wants it, weights `[k, k, in, out]`; the padding
 * is PyTorch's, `(k - 1) / 2` on every side.
 */
function conv(
  inChannels: number,
  outChannels: number,
  kernel: number,
  stride: number,
  trainable: boolean,
) {
  const fan = kernel * kernel * inChannels;
  const shape: [number, number, number, number] = [kernel, kernel, inChannels, outChannels];
  const weight = tf.variable(
    tf.tensor4d(values(fan * outChannels, Math.sqrt(3 / fan), fan + outChannels), shape),
    trainable,
  );
  return (x: tf.Tensor4D): tf.Tensor4D =>
    tf.conv2d(x, weight as tf.Tensor4D, stride, (kernel - 1) / 2);
}

/** Batch normalisation with PyTorch's defaults (eps 1e-5, momentum 0.1, unbiased running variance). */
function batchNorm(channels: number, training: boolean) {
  const scale = tf.variable(tf.ones([channels]), training);
  const offset = tf.variable(tf.zeros([channels]), training);
  const runningMean = tf.variable(tf.zeros([channels]), false);
  const runningVar = tf.variable(tf.ones([channels]), false);
  const update = (running: tf.Variable, value: tf.Tensor) =>
    running.assign(tf.add(tf.mul(running, 0.9), tf.mul(value, 0.1)));
  return (x: tf.Tensor4D): tf.Tensor4D => {
    let mean: tf.Tensor = runningMean, variance: tf.Tensor = runningVar;
    if (training) {
      ({ mean, variance } = tf.moments(x, [0, 1, 2]));
      const count = x.size / channels;
      update(runningMean, mean);
      update(runningVar, tf.mul(variance, count / (count - 1)));
    }
    return tf.batchNorm4d(
      x,
      mean as tf.Tensor1D,
      variance as tf.Tensor1D,
      offset as unknown as tf.Tensor1D,
      scale as unknown as tf.Tensor1D,
      1e-5,
    );
  };
}

function basicBlock(inChannels: number, outChannels: number, stride: number, training: boolean) {
  const conv1 = conv(inChannels, outChannels, 3, stride, training);
  const bn1 = batchNorm(outChannels, training);
  const conv2 = conv(outChannels, outChannels, 3, 1, training);
  const bn2 = batchNorm(outChannels, training);
  let shortcut = (x: tf.Tensor4D): tf.Tensor4D => x;
  if (stride !== 1 || inChannels !== outChannels) {
    const down = conv(inChannels, outChannels, 1, stride, training);
    const bn = batchNorm(outChannels, training);
    shortcut = (x) => bn(down(x));
  }
  return (x: tf.Tensor4D): tf.Tensor4D => {
    const main = bn2(conv2(tf.relu(bn1(conv1(x)))));
    return tf.relu(tf.add(main, shortcut(x)));
  };
}

/**
 * The CIFAR ResNet of mdistiller for one input channel: widths 16, 32, 64, `blocks` basic blocks a
 * stage (1 is resnet8, 3 is resnet20), the second and third stage at half the size.
 * Without `training` it is a teacher: running statistics, nothing trainable.
 */
export function resnet(
  blocks: number,
  classes: number,
  training: boolean,
): (x: tf.Tensor4D) => ResNetOutput {
  const stem = conv(1, 16, 3, 1, training);
  const stemNorm = batchNorm(16, training);
  const layers: ((x: tf.Tensor4D) => tf.Tensor4D)[] = [];
  let channels = 16;
  for (const [stage, width] of [16, 32, 64].entries()) {
    for (let block = 0; block < blocks; block++) {
      layers.push(basicBlock(channels, width, stage > 0 && block === 0 ? 2 : 1, training));
      channels = width;
    }
  }
  const weight = tf.variable(tf.tensor2d(values(64 * classes, 0.2), [64, classes]), training);
  const bias = tf.variable(tf.zeros([classes]), training);
  return (x) => {
    let feature: tf.Tensor4D = tf.relu(stemNorm(stem(x)));
    for (const layer of layers) feature = layer(feature);
    const pooled = tf.mean(feature, [1, 2]) as tf.Tensor2D;
    const logits = tf.add(tf.matMul(pooled, weight as tf.Tensor2D), bias) as tf.Tensor2D;
    return { logits, feature };
  };
}

/** WKD-F's projector, a 1x1 convolution with bias, batch normalisation and ReLU. */
export function projector(
  inChannels: number,
  outChannels: number,
): (x: tf.Tensor4D) => tf.Tensor4D {
  const pointwise = conv(inChannels, outChannels, 1, 1, true);
  const bias = tf.variable(tf.zeros([outChannels]));
  const norm = batchNorm(outChannels, true);
  return (x: tf.Tensor4D): tf.Tensor4D => tf.relu(norm(tf.add(pointwise(x), bias)));
}
