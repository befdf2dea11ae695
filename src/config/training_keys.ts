import { bool, factors, float, int, texts } from "./field.ts";

/** The keys of SOLVER that say what of a student is trained, how much of it, for how long, by whom, and whether it is averaged. */
export const TRAINING_KEYS = {
  SYNC_BN: bool(
    false,
    "Ours: where ranks share each batch (mpirun), batch normalisation takes its statistics over the whole batch, as PyTorch's SyncBatchNorm; else each rank over its own images.",
  ),
  GATHER_BATCH: bool(
    false,
    "Ours: where ranks share each batch (mpirun), methods that compare a batch's images (RKD, SP, PKT) compare those of all ranks; else each rank its own.",
  ),
  FREEZE: texts(
    [],
    "Ours: parameters of the student that stay as they are, by their names in a checkpoint: * is any text, and a module's name is all below it, as in [conv1, 'layer1.*']. Batch normalisation of which both stay normalises by its running statistics, which stay too (timm's freeze).",
  ),
  LR_SCALE: factors(
    {},
    "Ours: factor of the learning rate by names of parameters as in FREEZE, as in {fc: 10, 'layer1.*': 0.1}; the first name that fits counts. Those of modules beside the student begin with their name, such as conv_reg.",
    { above: 0 },
  ),
  WEIGHT_DECAY_SCALE: factors({}, "Ours: factor of WEIGHT_DECAY by such names.", { min: 0 }),
  NO_DECAY_NORM_BIAS: bool(
    false,
    "Ours: no weight decay for biases and whatever has one dimension, such as weights of normalisation (timm's param_groups_weight_decay).",
  ),
  EMA_DECAY: float(
    0,
    "Ours: also keep an average of the student's weights and running statistics of which each update leaves this part, such as 0.999 (timm's ModelEmaV3): it is evaluated and saved beside the student, as student_ema_best and so on. 0 is off.",
    { min: 0, below: 1 },
  ),
  EARLY_STOP_PATIENCE: int(
    0,
    "Ours: a run ends after so many epochs in a row without a better best top-1; the learning rate goes as if it did not. 0 is off.",
    { min: 0 },
  ),
};
