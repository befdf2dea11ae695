import { int } from "../config/field.ts";
import { UserError } from "../errors.ts";
import { ofdLoss } from "../losses/ofd.ts";
import type { Features, Model } from "../models/model.ts";
import { BatchNorm2d } from "../nn/batch_norm2d.ts";
import { Conv2d } from "../nn/conv2d.ts";
import { kaimingNormal } from "../nn/init.ts";
import { Module } from "../nn/module.ts";
import { type Layer, Sequential } from "../nn/sequential.ts";
import { tensor } from "../tensor/create.ts";
import type { Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { defineDistiller } from "./definition.ts";
import { FeatureDistiller, type FeatureWeights } from "./feature_distiller.ts";
import { featureLoss, lossWeights } from "./shared_keys.ts";

/** Options of {@linkcode OFD}, as in the configuration's `OFD` section. */
export interface OFDOptions extends FeatureWeights {
  /** Side of the connectors' kernels. */
  readonly kernelSize: number;
  /** Margins of the teacher's last stages, as `ofdMargins(teacher.normsBeforeRelu)` makes them. */
  readonly margins: readonly Float32Array[];
  /** Shapes of the student's features before the activation for one image; the first is not compared. */
  readonly studentShapes: readonly Shape[];
  /** The teacher's, for one image. */
  readonly teacherShapes: readonly Shape[];
}

/**
 * A comprehensive overhaul of feature distillation: the student's features before the activation, through a trained
 * convolution and batch norm, are compared with the teacher's behind a margin ReLU; each stage counts half of the next
 * (Heo et al., ICCV 2019). mdistiller: `OFD`.
 *
 * The teacher normalises by the batch, as in training: mdistiller's `OFD.train` puts it in that mode, as Heo et al. do,
 * and unlike mdistiller's other methods.
 *
 * Features, channels and margins are counted from the last stage. mdistiller counts margins from the first, so that it
 * fails where a teacher has more stages than the student; and its ImageNet ResNet18 and 34 claim a ResNet50's channels.
 */
export class OFD extends FeatureDistiller {
  /** `connectors`, from the student's features to the teacher's. */
  override readonly extraModules: Readonly<Record<string, Module>>;
  readonly #connectors: readonly Sequential[];
  readonly #margins: readonly Tensor[];

  /**
   * The teacher should be in eval mode, which it leaves for its own forward only, and want no gradients.
   *
   * @throws UserError when a model has no features before the activation, or the teacher has no margins.
   */
  constructor(student: Model, teacher: Model, options: OFDOptions) {
    super(student, teacher, options);
    const { kernelSize, margins, studentShapes, teacherShapes } = options;
    const stages = Math.min(studentShapes.length - 1, teacherShapes.length - 1, margins.length);
    if (stages < 1) {
      throw new UserError(
        "OFD compares features before the activation of both models, behind a margin for each " +
          `of the teacher's; got ${studentShapes.length}, ${teacherShapes.length} and ` +
          `${margins.length} of them`,
      );
    }
    const [from, to] = [studentShapes, teacherShapes].map((shapes) => shapes.slice(-stages));
    this.#connectors = from.map(([, channels], i) => connector(channels, to[i][1], kernelSize));
    this.extraModules = { connectors: new Connectors(this.#connectors) };
    this.#margins = margins.slice(-stages).map((margin) => tensor(margin).keep());
  }

  /** Frees the margins. */
  dispose(): void {
    for (const margin of this.#margins) margin.dispose();
  }

  /** Features normalised by the batch; the running statistics move, and nothing reads them. */
  protected override teach(images: Tensor): Features {
    this.teacher.train();
    try {
      return super.teach(images);
    } finally {
      this.teacher.eval();
    }
  }

  /** The loss of one batch. */
  protected override compare(student: Features, teacher: Features): Tensor {
    const stages = this.#margins.length;
    const targets = teacher.preactFeats.slice(-stages);
    return student.preactFeats.slice(-stages).map((feature, i) => {
      const made = this.#connectors[i].forward(feature).to("float32");
      return ofdLoss(made, targets[i], this.#margins[i]).mul(2 ** (i + 1 - stages));
    }).reduce((sum, term) => sum.add(term));
  }
}

/** The connectors under their name in the state dict. mdistiller: `ConnectorConvBN`. */
class Connectors extends Module {
  readonly connectors: Sequential<Sequential>;

  constructor(connectors: readonly Sequential[]) {
    super();
    this.connectors = new Sequential(...connectors);
  }
}

function connector(inputs: number, outputs: number, kernelSize: number): Sequential {
  const padding = Math.floor((kernelSize - 1) / 2);
  const conv = new Conv2d(inputs, outputs, { kernelSize, padding, bias: false });
  const { weight } = conv;
  weight.copy_(kaimingNormal(weight.shape, { mode: "fan_out", nonlinearity: "relu" }));
  return new Sequential<Layer>(conv, new BatchNorm2d(outputs));
}

/** The overhaul in the configuration. */
export const DEFINITION = defineDistiller({
  name: "OFD",
  doc: "Features before the activation, behind margins (Heo et al., 2019).",
  keys: {
    LOSS: featureLoss(0.001),
    CONNECTOR: {
      KERNEL_SIZE: int(1, "Kernel size of the connectors, in pixels.", { min: 1, memory: true }),
    },
  },
  async build({ student, teacher, studentName, teacherName, options, featureShapes }) {
    const norms = teacher.normsBeforeRelu;
    if (norms.length === 0) {
      throw new UserError(
        `OFD cannot learn from ${teacherName}: its margins are those of the batch norms before ` +
          "ReLU, which mdistiller names for the ResNets, wide ResNets, VGG and MobileNetV1",
      );
    }
    const shapes = featureShapes();
    if (shapes.student.preactFeats.length === 0) {
      throw new UserError(
        `OFD cannot teach ${studentName}, which has no features before the activation`,
      );
    }
    return new OFD(student, teacher, {
      ...lossWeights(options.LOSS),
      kernelSize: options.CONNECTOR.KERNEL_SIZE,
      margins: await ofdMargins(norms),
      studentShapes: shapes.student.preactFeats,
      teacherShapes: shapes.teacher.preactFeats,
    });
  },
});

/**
 * Margins of the ReLU that OFD looks at a teacher through: for every channel of every norm the mean of its negative
 * values, were they normal with the norm's bias and weight; three deviations where fewer than a thousandth are negative.
 * Reads the norms back once. Source: Heo et al., ICCV 2019, section 3.1; mdistiller's `OFD.init_ofd_modules`.
 *
 * @returns [C] for every norm, all 0 or negative
 */
export async function ofdMargins(norms: readonly BatchNorm2d[]): Promise<Float32Array[]> {
  return await Promise.all(norms.map(async ({ weight, bias }) => {
    const [deviations, means] = await Promise.all([weight.data(), bias.data()]);
    return Float32Array.from(deviations, (deviation, i) => margin(Math.abs(deviation), means[i]));
  }));
}

function margin(deviation: number, mean: number): number {
  const z = mean / deviation;
  // Where the deviation is 0, z is infinite, or NaN for a mean of 0, where nothing is negative.
  const negative = normalCdf(-z);
  if (negative <= 0.001) return -3 * deviation;
  return mean - deviation * Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI) / negative;
}

/** Share of a standard normal distribution below `x`, 0 for NaN. Python: `scipy.stats.norm.cdf`. */
function normalCdf(x: number): number {
  if (!(Math.abs(x) < 8)) return x > 0 ? 1 : 0;
  // 1/2 + density * (x + x^3/3 + x^5/(3*5) + ...): terms of one sign, exact to 1e-15 in the sum.
  let sum = 0;
  let term = x;
  for (let n = 1; sum + term !== sum; n += 2) {
    sum += term;
    term *= x * x / (n + 2);
  }
  return 0.5 + sum * Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
}
