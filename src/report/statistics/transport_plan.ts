/** What WKD-L moves for one image. */
export interface TransportPlan {
  /** Student's probabilities, [classes]; 0 for the labelled class. */
  readonly student: Float64Array;
  /** Teacher's probabilities, [classes]; 0 for the labelled class. */
  readonly teacher: Float64Array;
  /** Mass between the student's class i and the teacher's class j, [classes, classes] in row-major order. */
  readonly plan: Float64Array;
  /** Its cost: the distance that the loss has of this image. */
  readonly distance: number;
}

/** What decides a plan. */
export interface TransportOptions {
  /** Costs between classes, [classes, classes] in row-major order, before they are sharpened. */
  readonly cost: Float32Array;
  /** Divides the logits. */
  readonly temperature: number;
  /** Strength of the entropy term. */
  readonly lambda: number;
  /** Iterations. */
  readonly iterations: number;
  /** k of the sharpened costs; 0 leaves them as they are. */
  readonly sharpen: number;
}

/** Keeps a sum that is 0 from being divided by, as in the authors' code. */
const EPS = 1e-8;

/**
 * The transport plan of WKD-L between the soft-maxes of student and teacher over all classes but the labelled one, by the
 * same Sinkhorn iterations as the loss. Source: the authors' `wkd_logit_loss_with_speration`.
 *
 * @param student logits, [classes]
 * @param teacher logits, [classes]
 */
export function transportPlan(
  student: ArrayLike<number>,
  teacher: ArrayLike<number>,
  label: number,
  { cost, temperature, lambda, iterations, sharpen }: TransportOptions,
): TransportPlan {
  const n = student.length;
  const [p, q] = [student, teacher].map((logits) => others(logits, label, temperature));
  const ground = Float64Array.from(
    cost,
    (d) => Math.max(sharpen === 0 ? d : 1 - Math.exp(-sharpen * d), 0) + EPS,
  );
  const kernel = ground.map((d) => Math.exp(-d / lambda));
  const u = Float64Array.from({ length: n }, (_, i) => i === label ? 0 : 1 / (n - 1));
  const v = new Float64Array(n);
  for (let turn = 0; turn < iterations; turn++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let i = 0; i < n; i++) sum += u[i] * kernel[i * n + j];
      v[j] = q[j] / (sum + EPS);
    }
    for (let i = 0; i < n; i++) {
      let sum = 0;
      for (let j = 0; j < n; j++) sum += v[j] * kernel[i * n + j];
      u[i] = p[i] / (sum + EPS);
    }
  }
  const plan = kernel.map((k, at) => u[Math.floor(at / n)] * k * v[at % n]);
  const distance = plan.reduce((sum, mass, at) => sum + mass * ground[at], 0);
  return { student: p, teacher: q, plan, distance };
}

/** Soft-max over all classes but one. */
function others(logits: ArrayLike<number>, label: number, temperature: number): Float64Array {
  const scaled = Float64Array.from(
    logits,
    (logit, i) => i === label ? -Infinity : logit / temperature,
  );
  const largest = scaled.reduce((a, b) => Math.max(a, b), -Infinity);
  const exp = scaled.map((logit) => Math.exp(logit - largest));
  const sum = exp.reduce((a, b) => a + b, 0);
  return exp.map((value) => value / sum);
}
