/** The work in TensorFlow.js on its WebGPU backend: `deno run -A bench/peers/tfjs.ts [CASE ...]`. */
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-webgpu";
// The core's main file leaves the gradients out, and its file that registers them cannot be resolved
// outside a bundler; the layers package carries them.
import "@tensorflow/tfjs-layers";
import { measureCases, type Work } from "./measure.ts";
import { labels, values } from "./random.ts";
import { projector, resnet } from "./tfjs_resnet.ts";
import { crossEntropy, wkdFeatureLoss, wkdLogitLoss } from "./tfjs_losses.ts";

const BATCH = 64;
const CLASSES = 10;

/** Keeps the last result only, so that settling has one value to read and memory does not grow. */
function work(step: () => tf.Tensor): Work {
  let last: tf.Tensor | undefined;
  return {
    run: () => {
      last?.dispose();
      last = tf.tidy(step);
    },
    settle: async () => {
      const probe = tf.tidy(() => tf.slice(tf.reshape(last!, [-1]), 0, 1));
      await probe.data();
      probe.dispose();
    },
  };
}

const tensor4d = (shape: [number, number, number, number], scale: number): tf.Tensor4D =>
  tf.tensor4d(values(shape.reduce((a, b) => a * b), scale), shape);

function convForward(): Work {
  const x = tensor4d([BATCH, 32, 32, 64], 1);
  const weight = tensor4d([3, 3, 64, 64], 0.05);
  return work(() => tf.conv2d(x, weight, 1, 1));
}

function convBackward(): Work {
  const x = tensor4d([BATCH, 32, 32, 64], 1);
  const weight = tensor4d([3, 3, 64, 64], 0.05);
  const outputGradient = tensor4d([BATCH, 32, 32, 64], 1);
  const gradients = tf.grads((x: tf.Tensor, w: tf.Tensor) =>
    tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, 1)
  );
  return work(() => gradients([x, weight], outputGradient)[1]);
}

/** One SGD step on a loss of what `prepare` gives, which is run without a tape; gives the loss. */
function trainingStep<T>(prepare: () => T, loss: (prepared: T) => tf.Scalar): Work {
  const optimizer = tf.train.momentum(0.05, 0.9);
  return work(() => {
    const prepared = prepare();
    const { value, grads } = tf.variableGrads(() => loss(prepared));
    optimizer.applyGradients(Object.entries(grads).map(([name, tensor]) => ({ name, tensor })));
    return value;
  });
}

function batch(): { images: tf.Tensor4D; oneHot: tf.Tensor2D } {
  return {
    images: tensor4d([BATCH, 28, 28, 1], 1),
    oneHot: tf.cast(tf.oneHot(tf.tensor1d(labels(BATCH, CLASSES), "int32"), CLASSES), "float32"),
  } as { images: tf.Tensor4D; oneHot: tf.Tensor2D };
}

function resnetStep(): Work {
  const { images, oneHot } = batch();
  const student = resnet(1, CLASSES, true);
  return trainingStep(() => undefined, () => crossEntropy(student(images).logits, oneHot));
}

function wkdStep(): Work {
  const { images, oneHot } = batch();
  const cost = tf.tensor2d(
    Array.from(
      { length: CLASSES ** 2 },
      (_, i) => Math.floor(i / CLASSES) === i % CLASSES ? 0 : 0.7,
    ),
    [CLASSES, CLASSES],
  );
  const teacher = resnet(3, CLASSES, false);
  const student = resnet(1, CLASSES, true);
  const project = projector(64, 64);
  return trainingStep(() => teacher(images), (target) => {
    const { logits, feature } = student(images);
    const logitLoss = wkdLogitLoss(logits, target.logits, oneHot, cost, {
      weight: 50,
      temperature: 4,
      lambda: 0.05,
      iterations: 10,
    });
    const featureLoss = wkdFeatureLoss(project(feature), target.feature, 4);
    return tf.add(
      tf.add(crossEntropy(logits, oneHot), logitLoss),
      tf.mul(featureLoss, 0.2),
    ) as tf.Scalar;
  });
}

await tf.setBackend("webgpu");
await measureCases("tfjs", {
  conv_fwd: convForward,
  conv_fwd_bwd: convBackward,
  resnet8_step: resnetStep,
  wkd_step: wkdStep,
}, Deno.args);
Deno.exit(0);
