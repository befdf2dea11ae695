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

// Torch files, as bytes.
export { type CheckpointFile, readCheckpoint } from "./src/formats/read_checkpoint.ts";
export { type ModelState, modelState } from "./src/formats/model_state.ts";
export { type Buildable, PyFloat, PyOrderedDict, PyTuple } from "./src/formats/pickle/python.ts";
export { readTorch, type TorchFile, type TorchFormat } from "./src/formats/torch/read_torch.ts";
export { writeTorch } from "./src/formats/torch/write_torch.ts";

// What a module registers that --import runs.
export {
  type AnyField,
  type Field,
  field,
  type FieldKind,
  type FieldValue,
  type Range,
  type Section,
  type ValuesOf,
} from "./src/config/field.ts";
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
export type { DatasetCallbacks, DatasetConfig, WantedSplits } from "./src/data/dataset_config.ts";
export type { DatasetFiles, DatasetInfo, ImageDataset } from "./src/data/image_dataset.ts";
export { registerDataset } from "./src/data/registry.ts";

// A module of the user's imports this one, and would wait for ever for it to have waited for the command.
if (import.meta.main) {
  void import("./src/cli/main.ts").then(({ start }) => start(Deno.args)).then(Deno.exit);
}
