/**
 * Tensors with reverse-mode differentiation on WebGPU, and knowledge distillation with the Wasserstein
 * distance (WKD, NeurIPS 2024). Names and meanings follow PyTorch; what differs is in the README.
 *
 * Call {@linkcode init} once before anything else. Run directly, this module is the command line.
 *
 * @example Differentiating
 * ```ts
 * import { init, tensor } from "./mod.ts";
 *
 * await init();
 * const x = tensor([1, 2, 3], null, { requiresGrad: true });
 * x.mul(x).sum().backward();
 * console.log(await x.grad!.data()); // 2, 4, 6
 * ```
 *
 * @module
 */

export * from "./src/engine.ts";

// Data sets and images.
export { arrayDataset, type ArrayDatasetOptions } from "./src/data/array_dataset.ts";
export type { MixOptions } from "./src/data/augment/mix.ts";
export { balancedClassWeights } from "./src/data/class_balance.ts";
export type { Batch, BatchPart, BatchSource, LoaderOptions } from "./src/data/loading/batch.ts";
export type { AugmentOptions } from "./src/data/augment/image_augmenter.ts";
export type { ColorJitterOptions } from "./src/data/augment/color_jitter.ts";
export type { RandAugmentOptions } from "./src/data/augment/rand_augment.ts";
export type { RandomErasingOptions } from "./src/data/augment/random_erasing.ts";
export { createLoader, DataLoader } from "./src/data/loading/loader.ts";
export type { Dataset, FileDataset } from "./src/data/image_dataset.ts";
export { decodeImage } from "./src/data/decode/decode_on_demand.ts";
export type { Pixels } from "./src/data/decode/pixels.ts";
export type { DatasetSplits } from "./src/data/load_dataset.ts";
export { openDataset, type OpenDatasetOptions } from "./src/data/open_dataset.ts";

// Training.
export type { GradientHook } from "./src/train/train_step.ts";
export type { LabelSettings } from "./src/train/label_settings.ts";
export { type SaveKind, Trainer, type TrainerOptions, TrainingError } from "./src/train/trainer.ts";
export type { Group } from "./src/parallel/group.ts";
export { freeze, type Frozen } from "./src/train/freeze.ts";
export { evaluate, type EvaluateOptions } from "./src/train/evaluate.ts";
export { featureShapes } from "./src/run/build_distiller.ts";
export type {
  AverageEnd,
  CostMatrixProgress,
  EpochEnd,
  EventSink,
  TestMetrics,
  TrainEvent,
  TrainMetrics,
} from "./src/train/events.ts";
export { initialState, type RunState } from "./src/train/run_state.ts";
export { UserError } from "./src/errors.ts";

// Checkpoints, as bytes.
export { type CheckpointFile, readCheckpoint } from "./src/formats/read_checkpoint.ts";
export { type ModelState, modelState } from "./src/formats/model_state.ts";
export type { TorchFormat } from "./src/formats/torch/read_torch.ts";
export { writeTorch } from "./src/formats/torch/write_torch.ts";
export { loadState, saveState } from "./src/run/checkpoints/state_bytes.ts";

// Models for other programs.
export { exportOnnx, type ExportOnnxOptions } from "./src/export/export_onnx.ts";
export type { Normalisation } from "./src/models/renormalise.ts";
export type { LessonMethod } from "./src/web/folder_card.ts";
export {
  exportWeb,
  type WebExport,
  type WebModel,
  type WrittenFile,
} from "./src/web/export_web.ts";

// What a module registers that --import runs.
export { RegistrationError } from "./src/registry/registry.ts";
export { type ModelDefinition, registerModel } from "./src/models/registry.ts";
export type {
  DistillerDefinition,
  DistillerParts,
  FeatureShapes,
  TrainingImages,
} from "./src/distill/definition.ts";
export { registerDistiller } from "./src/distill/registry.ts";
export { costMatrixKeys } from "./src/distill/shared_keys.ts";
export type { DatasetDefinition, DatasetParts, PublishedArchive } from "./src/data/definition.ts";
export type { DatasetFacts, Preprocessing } from "./src/data/preprocessing.ts";
export type { DatasetCallbacks, DatasetConfig, WantedSplits } from "./src/data/dataset_config.ts";
export type { DatasetFiles, DatasetInfo, ImageDataset } from "./src/data/image_dataset.ts";
export { registerDataset } from "./src/data/registry.ts";

// Not written into the import: a program that imports this module should not need the command line and its packages.
const COMMAND_LINE = "./src/cli/main.ts";

// A module of the user's imports this one, and would wait for ever for it to have waited for the command.
if (import.meta.main) {
  void import(COMMAND_LINE).then(({ start }) => start(Deno.args)).then(Deno.exit);
}
