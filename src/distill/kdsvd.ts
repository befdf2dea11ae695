import { int } from "../config/field.ts";
import { UserError } from "../errors.ts";
import { kdsvdLoss } from "../losses/kdsvd.ts";
import type { Features, Model } from "../models/model.ts";
import type { Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { defineDistiller } from "./definition.ts";
import { FeatureDistiller, type FeatureWeights } from "./feature_distiller.ts";
import { featureLoss, lossWeights } from "./shared_keys.ts";

/** Options of {@linkcode KDSVD}, as in the configuration's `KDSVD` section. */
export interface KDSVDOptions extends FeatureWeights {
  /** How many singular vectors are compared. */
  readonly k: number;
  /** Shapes of the features for one image. */
  readonly studentShapes: readonly Shape[];
  /** The teacher's, for one image. */
  readonly teacherShapes: readonly Shape[];
}

/**
 * Singular vectors of every stage's features, and how they go over into those of the next (Lee et al., ECCV 2018).
 * mdistiller: `KDSVD`.
 */
export class KDSVD extends FeatureDistiller {
  /** Reads no features before a ReLU. */
  override readonly readsPreact = false;
  readonly #k: number;
  readonly #stages: number;

  /**
   * The teacher should be in eval mode and want no gradients.
   *
   * @throws UserError when features differ in width, or are narrower than `k`.
   */
  constructor(student: Model, teacher: Model, options: KDSVDOptions) {
    super(student, teacher, options);
    const { k, studentShapes, teacherShapes } = options;
    this.#k = k;
    this.#stages = Math.min(studentShapes.length, teacherShapes.length) - 1;
    const widths = (shapes: readonly Shape[]) =>
      shapes.slice(1, 1 + this.#stages).map((shape) => shape[3]);
    const [of, wanted] = [widths(studentShapes), widths(teacherShapes)];
    if (String(of) !== String(wanted) || Math.min(...of) < k) {
      throw new UserError(
        "KDSVD compares features of one width, of KDSVD.K or more; the student's are " +
          `${of.join(", ")} wide, the teacher's ${wanted.join(", ")}, and KDSVD.K is ${k}`,
      );
    }
  }

  /** The loss of one batch. */
  protected override compare(student: Features, teacher: Features): Tensor {
    const stages = ({ feats }: Features) => feats.slice(1, 1 + this.#stages);
    return kdsvdLoss(stages(student), stages(teacher), this.#k);
  }
}

/** KDSVD in the configuration. */
export const DEFINITION = defineDistiller({
  name: "KDSVD",
  doc: "Singular vectors of every stage's features (Lee et al., 2018).",
  keys: {
    K: int(1, "How many singular vectors are compared.", { min: 1 }),
    LOSS: featureLoss(1),
  },
  build({ student, teacher, options, featureShapes }) {
    const shapes = featureShapes();
    return new KDSVD(student, teacher, {
      ...lossWeights(options.LOSS),
      studentShapes: shapes.student.feats,
      teacherShapes: shapes.teacher.feats,
      k: options.K,
    });
  },
});
