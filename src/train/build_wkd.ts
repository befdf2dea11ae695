import type { Config } from "../config/config.ts";
import { WKD, type WKDFeatureOptions, type WKDLogitOptions } from "../distill/wkd.ts";
import type { Model } from "../models/model.ts";
import { CostKernel } from "../ops/sinkhorn/cost_kernel.ts";
import type { Shape } from "../tensor/shape.ts";
import { type CostMatrixCheck, runCostMatrix } from "./run_cost_matrix.ts";

/** What WKD is built from. */
export interface WKDParts {
  /** The resolved configuration. */
  readonly config: Config;
  /** The model that is trained. */
  readonly student: Model;
  /** The model that teaches. */
  readonly teacher: Model;
  /** Classes of the data set. */
  readonly classes: number;
  /** Shapes of the features of both for one image. */
  readonly shapes: () => { studentShapes: Shape[]; teacherShapes: Shape[] };
  /** Told what can be computed but is hardly meant. */
  readonly check: CostMatrixCheck;
}

/**
 * Builds WKD as a configuration says.
 *
 * @throws CheckpointError where the cost matrix cannot be used, RangeError where the models do not go together
 */
export async function buildWKD(parts: WKDParts): Promise<WKD> {
  const { config, student, teacher, check } = parts;
  const { LOSS } = config.WKD;
  const feature = LOSS.WKD_FEAT_WEIGHT > 0 ? featureOptions(parts) : null;
  const logit = LOSS.WKD_LOGIT_WEIGHT > 0 ? await logitOptions(parts) : null;
  try {
    const distiller = new WKD(student, teacher, {
      ceWeight: LOSS.CE_WEIGHT,
      cosineDecayEpoch: LOSS.COSINE_DECAY_EPOCH,
      logit,
      feature,
    });
    const { EPOCHS: epochs } = config.SOLVER;
    // Half a cosine ends at 0, and the last epoch is the only one.
    if (epochs === 1 && distiller.decay({ epoch: 1, epochs }) === 0) {
      check.warn(
        "with SOLVER.EPOCHS 1 and WKD.LOSS.COSINE_DECAY_EPOCH 0 the weights of WKD's losses have fallen to 0 in the " +
          "only epoch: nothing is distilled; train for more epochs, or set WKD.LOSS.COSINE_DECAY_EPOCH 1",
      );
    }
    return distiller;
  } catch (error) {
    logit?.cost.dispose();
    throw error;
  }
}

async function logitOptions(
  { config, teacher, classes, check }: WKDParts,
): Promise<WKDLogitOptions> {
  const { LOSS, TEMPERATURE, SINKHORN } = config.WKD;
  const cost = await runCostMatrix(config, teacher, classes, check);
  return {
    weight: LOSS.WKD_LOGIT_WEIGHT,
    temperature: TEMPERATURE,
    iterations: SINKHORN.ITER,
    cost: new CostKernel(cost, classes, {
      lambda: SINKHORN.LAMBDA,
      sharpen: config.WKD.COST_MATRIX_SHARPEN,
    }),
  };
}

function featureOptions({ config, shapes }: WKDParts): WKDFeatureOptions {
  const { LOSS, HINT_LAYER, MEAN_COV_RATIO, PROJECTOR, SPATIAL_GRID, EPS } = config.WKD;
  return {
    weight: LOSS.WKD_FEAT_WEIGHT,
    hintLayer: HINT_LAYER,
    meanCovRatio: MEAN_COV_RATIO,
    projector: PROJECTOR,
    grid: SPATIAL_GRID,
    eps: EPS,
    ...shapes(),
  };
}
