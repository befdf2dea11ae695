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

if (import.meta.main) {
  const { start } = await import("./src/cli/main.ts");
  Deno.exit(await start(Deno.args));
}
