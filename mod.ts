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

// Devices.
export {
  type DeviceChoice,
  type DeviceOptions,
  isSoftware,
  openDevice,
} from "./src/gpu/adapter.ts";
export { defaultDevice, init, setDefaultDevice } from "./src/tensor/default_device.ts";
export { type BufferRange, type DispatchOptions, Gpu } from "./src/gpu/gpu.ts";
export { GpuError } from "./src/gpu/gpu_error.ts";
export { BufferPool, type MemoryAccount } from "./src/gpu/buffer_pool.ts";
export {
  type BindingKind,
  Kernel,
  type KernelBinding,
  type KernelInterface,
  type KernelParam,
} from "./src/gpu/kernel.ts";
export {
  type CompileProgress,
  type KernelConstants,
  PipelineCache,
  type PipelineEntry,
} from "./src/gpu/pipeline_cache.ts";
export { type KernelTime, Recording } from "./src/gpu/recording.ts";
export type { ClearCommand, Command, CopyCommand, DispatchCommand } from "./src/gpu/command.ts";
export type { TemplateValues } from "./src/gpu/template.ts";

// Tensors.
export { Tensor } from "./src/tensor/tensor.ts";
export {
  arange,
  type CreateOptions,
  full,
  type NestedArray,
  ones,
  rand,
  randn,
  tensor,
  type TensorData,
  zeros,
} from "./src/tensor/create.ts";
export { Generator } from "./src/tensor/random.ts";
export type { DType, FloatType, HostArray } from "./src/tensor/dtype.ts";
export { AUTOCAST, autocast, autocastEnabled } from "./src/tensor/autocast.ts";
export type { Shape } from "./src/tensor/shape.ts";
export { Storage } from "./src/tensor/storage.ts";
export { endStep, scope } from "./src/tensor/scope.ts";
export { shapesOnly } from "./src/tensor/shapes_only.ts";
export {
  type BackwardOptions,
  gradEnabled,
  type InputGradients,
  type Node,
  noGrad,
  track,
  trackMany,
} from "./src/tensor/autograd.ts";

// Element by element.
export { abs } from "./src/ops/abs.ts";
export { add } from "./src/ops/add.ts";
export { clamp } from "./src/ops/clamp.ts";
export { div } from "./src/ops/div.ts";
export { dropout } from "./src/ops/dropout.ts";
export { exp } from "./src/ops/exp.ts";
export { log } from "./src/ops/log.ts";
export { maximum } from "./src/ops/maximum.ts";
export { minimum } from "./src/ops/minimum.ts";
export { mul } from "./src/ops/mul.ts";
export { pow } from "./src/ops/pow.ts";
export { relu } from "./src/ops/relu.ts";
export { relu6 } from "./src/ops/relu6.ts";
export { sigmoid } from "./src/ops/sigmoid.ts";
export { sqrt } from "./src/ops/sqrt.ts";
export { sub } from "./src/ops/sub.ts";

// Over dimensions.
export { argmax } from "./src/ops/argmax.ts";
export { logSoftmax } from "./src/ops/log_softmax.ts";
export { max } from "./src/ops/max.ts";
export { mean } from "./src/ops/mean.ts";
export { softmax } from "./src/ops/softmax.ts";
export type { SoftmaxVariant } from "./src/ops/softmax_rows.ts";
export { type ReduceOptions, sum, type SumOptions } from "./src/ops/sum.ts";
export { topKCorrect } from "./src/ops/top_k_correct.ts";
export { variance, type VarianceOptions } from "./src/ops/variance.ts";

// Shapes and indices.
export { cat } from "./src/ops/cat.ts";
export { expand } from "./src/ops/expand.ts";
export { gather } from "./src/ops/gather.ts";
export { indexSelect } from "./src/ops/index_select.ts";
export { oneHot } from "./src/ops/one_hot.ts";
export { pad } from "./src/ops/pad.ts";
export type { Padding } from "./src/ops/pad_planes.ts";
export { permute } from "./src/ops/permute.ts";
export { reshape } from "./src/ops/reshape.ts";
export { scatterAdd } from "./src/ops/scatter_add.ts";
export { slice } from "./src/ops/slice.ts";

// Products, convolutions, pools, normalisation.
export { matmul, type MatmulOptions } from "./src/ops/matmul.ts";
export { type Eigen, eigh } from "./src/ops/eigh.ts";
export { linear } from "./src/ops/linear.ts";
export { conv2d, type ConvOptions, type ConvVariant } from "./src/ops/conv2d.ts";
export { convTranspose2d, type ConvTransposeOptions } from "./src/ops/conv_transpose2d.ts";
export { batchNorm, type BatchNormOptions, type BatchNormTensors } from "./src/ops/batch_norm.ts";
export { adaptiveAvgPool2d } from "./src/ops/adaptive_avg_pool2d.ts";
export { avgPool2d, type AvgPoolOptions } from "./src/ops/avg_pool2d.ts";
export { maxPool2d, type PoolOptions } from "./src/ops/max_pool2d.ts";
export { upsampleNearest } from "./src/ops/upsample_nearest.ts";

// Modules.
export { type LoadReport, Module, type StateEntry } from "./src/nn/module.ts";
export { AdaptiveAvgPool2d } from "./src/nn/adaptive_avg_pool2d.ts";
export { AvgPool2d } from "./src/nn/avg_pool2d.ts";
export {
  BatchNorm2d,
  type BatchNorm2dOptions,
  type BatchNormEpilogue,
} from "./src/nn/batch_norm2d.ts";
export { Conv2d, type Conv2dOptions } from "./src/nn/conv2d.ts";
export { ConvTranspose2d, type ConvTranspose2dOptions } from "./src/nn/conv_transpose2d.ts";
export { Dropout } from "./src/nn/dropout.ts";
export { Flatten } from "./src/nn/flatten.ts";
export { Identity } from "./src/nn/identity.ts";
export { Linear, type LinearOptions } from "./src/nn/linear.ts";
export { MaxPool2d } from "./src/nn/max_pool2d.ts";
export { ReLU } from "./src/nn/relu.ts";
export { type Layer, Sequential } from "./src/nn/sequential.ts";
export { Upsample } from "./src/nn/upsample.ts";
export {
  calculateGain,
  type FanMode,
  fans,
  kaimingNormal,
  type KaimingOptions,
  kaimingUniform,
  manualSeed,
  type Nonlinearity,
  normal,
  skipInit,
  uniform,
  xavierNormal,
  xavierUniform,
} from "./src/nn/init.ts";

// Models.
export { type Features, Model, type ModelOptions, type ModelOutput } from "./src/models/model.ts";
export { MODEL_FAMILIES, type ModelFamily, modelFamily } from "./src/models/family.ts";
export {
  createModel,
  type CreateModelOptions,
  familyOf,
  modelNames,
} from "./src/models/registry.ts";
export { modelShapes } from "./src/models/model_shapes.ts";
export { type ModelCost, modelCost } from "./src/models/model_cost.ts";

// Losses.
export { crossEntropy, type CrossEntropyOptions } from "./src/ops/cross_entropy.ts";
export { attentionLoss } from "./src/losses/attention.ts";
export { dkdLoss, type DkdOptions } from "./src/losses/dkd.ts";
export { kdsvdLoss } from "./src/losses/kdsvd.ts";
export { kdLoss, type KdOptions } from "./src/losses/kd.ts";
export { hierarchicalContextLoss } from "./src/losses/hierarchical_context.ts";
export { mseLoss } from "./src/losses/mse.ts";
export { nstLoss } from "./src/losses/nst.ts";
export { ofdLoss } from "./src/losses/ofd.ts";
export { partialL2 } from "./src/ops/partial_l2.ts";
export { pktLoss } from "./src/losses/pkt.ts";
export { rkdLoss, type RkdOptions } from "./src/losses/rkd.ts";
export { similarityLoss } from "./src/losses/similarity.ts";
export { smoothL1Loss } from "./src/losses/smooth_l1.ts";
export {
  wkdFeatureLoss,
  type WkdFeatureLosses,
  type WkdFeatureOptions,
} from "./src/losses/wkd_feature.ts";
export {
  wkdLogitLoss,
  wkdLogitLossWithTargetSeparation,
  type WkdLogitOptions,
  type WkdSeparatedOptions,
} from "./src/losses/wkd_logit.ts";
export { sinkhorn, type SinkhornMethod, type SinkhornOptions } from "./src/ops/sinkhorn.ts";
export { CostKernel, type CostKernelOptions } from "./src/ops/sinkhorn/cost_kernel.ts";
export { classifierCost } from "./src/cost_matrix/classifier_cost.ts";
export { type CkaKernel, kernelCkaCost } from "./src/cost_matrix/kernel_cka_cost.ts";
export {
  type FeatureShape,
  linearCkaCost,
  type LinearCkaOptions,
} from "./src/cost_matrix/linear_cka_cost.ts";
export type {
  GaussianWassersteinLosses,
  GaussianWassersteinOptions,
} from "./src/ops/gaussian_wasserstein.ts";

// Distillers and optimisers.
export type { BatchInfo, Distiller, DistillerOutput, Schedule } from "./src/distill/distiller.ts";
export { AT } from "./src/distill/at.ts";
export { ContrastMemory, type ContrastMemoryOptions } from "./src/distill/contrast_memory.ts";
export {
  ContrastSampler,
  type ContrastSamplerOptions,
  type ContrastSource,
} from "./src/distill/contrast_sampler.ts";
export { CRD, type CRDOptions } from "./src/distill/crd.ts";
export { DKD, type DKDOptions } from "./src/distill/dkd.ts";
export { FeatureDistiller, type FeatureWeights } from "./src/distill/feature_distiller.ts";
export { FitNet, type FitNetOptions } from "./src/distill/fitnet.ts";
export { KD, type KDOptions } from "./src/distill/kd.ts";
export { KDSVD, type KDSVDOptions } from "./src/distill/kdsvd.ts";
export { NST } from "./src/distill/nst.ts";
export { OFD, type OFDOptions } from "./src/distill/ofd.ts";
export { ofdMargins } from "./src/distill/ofd_margins.ts";
export { PKT } from "./src/distill/pkt.ts";
export { ReviewKD, type ReviewKDOptions } from "./src/distill/reviewkd.ts";
export { RKD } from "./src/distill/rkd.ts";
export { SP } from "./src/distill/sp.ts";
export { Vanilla } from "./src/distill/vanilla.ts";
export { VID, type VIDOptions } from "./src/distill/vid.ts";
export {
  WKD,
  type WKDFeatureOptions,
  type WKDLogitOptions,
  type WKDOptions,
} from "./src/distill/wkd.ts";
export { type GradientScaling, SGD, type SGDOptions } from "./src/optim/sgd.ts";
export { GradScaler, type GradScalerOptions } from "./src/optim/grad_scaler.ts";
export { BLOCK, FlatGroup, type FlatSlot } from "./src/optim/flat_group.ts";
export { multiStepLr } from "./src/optim/multi_step_lr.ts";

// Files, as bytes.
export { type CheckpointFile, readCheckpoint } from "./src/formats/read_checkpoint.ts";
export { FormatError } from "./src/formats/format_error.ts";
export { type ModelState, modelState } from "./src/formats/model_state.ts";
export { type Buildable, PyFloat, PyOrderedDict, PyTuple } from "./src/formats/pickle/python.ts";
export { readTorch, type TorchFile, type TorchFormat } from "./src/formats/torch/read_torch.ts";
export { writeTorch } from "./src/formats/torch/write_torch.ts";
export {
  readSafetensors,
  type Safetensors,
  type SafetensorsData,
  type SafetensorsDtype,
  SafetensorsError,
  type SafetensorsTensor,
  stateEntries,
  type StateNumbers,
  toFloat32,
  writeSafetensors,
} from "./src/formats/safetensors.ts";

if (import.meta.main) {
  const { main } = await import("./src/cli/main.ts");
  Deno.exit(await main(Deno.args));
}
