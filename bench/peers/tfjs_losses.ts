import * as tf from "@tensorflow/tfjs-core";

/** Mean cross-entropy of logits `[N, C]` and one-hot labels `[N, C]`. */
export function crossEntropy(logits: tf.Tensor2D, oneHot: tf.Tensor2D): tf.Scalar {
  return tf.neg(tf.mean(tf.sum(tf.mul(tf.logSoftmax(logits), oneHot), 1)));
}

/** Settings of {@linkcode wkdLogitLoss}. */
export interface WkdLogitOptions {
  /** Factor of the Wasserstein part. */
  weight: number;
  /** Softens both distributions. */
  temperature: number;
  /** Sinkhorn's regularisation, in units of the cost. */
  lambda: number;
  /** Full Sinkhorn iterations. */
  iterations: number;
}

/**
 * WKD-L with target separation, in the form that shares one `C x C` kernel matrix over the batch: every
 * half-iteration of Sinkhorn is one product of `[N, C]` with `[C, C]`.
 */
export function wkdLogitLoss(
  student: tf.Tensor2D,
  teacher: tf.Tensor2D,
  oneHot: tf.Tensor2D,
  cost: tf.Tensor2D,
  { weight, temperature, lambda, iterations }: WkdLogitOptions,
): tf.Scalar {
  const others = tf.sub(1, oneHot);
  // A large negative logit at the target leaves it no mass, without a gather.
  const marginal = (logits: tf.Tensor2D): tf.Tensor2D =>
    tf.softmax(tf.sub(tf.div(logits, temperature), tf.mul(oneHot, 1e9)));
  const source = marginal(student);
  const target = marginal(teacher);
  const kernel = tf.exp(tf.div(cost, -lambda)) as tf.Tensor2D;
  let u = tf.div(others, cost.shape[1]) as tf.Tensor2D;
  let v = u;
  for (let i = 0; i < iterations; i++) {
    v = tf.div(target, tf.add(tf.matMul(u, kernel), 1e-8));
    u = tf.div(source, tf.add(tf.matMul(v, kernel, false, true), 1e-8));
  }
  const plan = tf.mul(u, tf.matMul(v, tf.mul(kernel, cost) as tf.Tensor2D, false, true));
  const transport = tf.mean(tf.sum(plan, 1));
  const probability = tf.sum(tf.mul(tf.softmax(teacher), oneHot), 1);
  const logProbability = tf.sum(tf.mul(tf.logSoftmax(student), oneHot), 1);
  const targetTerm = tf.neg(tf.mean(tf.mul(probability, logProbability)));
  return tf.add(targetTerm, tf.mul(transport, weight));
}

/** WKD-F: squared differences of the channels' spatial means and standard deviations. */
export function wkdFeatureLoss(
  student: tf.Tensor4D,
  teacher: tf.Tensor4D,
  meanCovRatio: number,
): tf.Scalar {
  const gaussian = (x: tf.Tensor4D): [tf.Tensor, tf.Tensor] => {
    const count = x.shape[1] * x.shape[2];
    const { mean, variance } = tf.moments(x, [1, 2]);
    return [mean, tf.sqrt(tf.add(tf.mul(variance, count / (count - 1)), 1e-5))];
  };
  const [studentMean, studentStd] = gaussian(student);
  const [teacherMean, teacherStd] = gaussian(teacher);
  const means = tf.sum(tf.squaredDifference(studentMean, teacherMean), 1);
  const stds = tf.sum(tf.squaredDifference(studentStd, teacherStd), 1);
  return tf.mean(tf.add(tf.mul(means, meanCovRatio), stds));
}
