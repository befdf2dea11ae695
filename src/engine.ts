/**
 * Everything of `mod.ts` that needs nothing but WebGPU: tensors, layers, models, losses, distillers and safetensors. It has no
 * import of Deno's, Node's or npm's, so it also runs in a browser.
 *
 * @module
 */

// Devices.
export { type DeviceChoice, type DeviceOptions, openDevice } from "./gpu/adapter.ts";
export { defaultDevice, init, setDefaultDevice } from "./tensor/default_device.ts";
export { UserError, type UserErrorOptions } from "./errors.ts";
export { Gpu } from "./gpu/gpu.ts";
export type { Visit } from "./gpu/command.ts";
export type { ExchangeOptions } from "./gpu/exchange.ts";
export { GpuError, type GpuErrorKind } from "./gpu/gpu_error.ts";

// Tensors.
export { Tensor, type TensorMethods } from "./tensor/tensor.ts";
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
} from "./tensor/create.ts";
export { Generator } from "./tensor/random.ts";
export type { DType, FloatType, HostArray } from "./tensor/dtype.ts";
export { autocast } from "./tensor/autocast.ts";
export type { Shape } from "./tensor/shape.ts";
export { endStep, scope } from "./tensor/scope.ts";
export type { Deferral } from "./tensor/core.ts";
export { shapesOnly } from "./tensor/shapes_only.ts";
export {
  type BackwardOptions,
  type GradientBefore,
  type InputGradients,
  noGrad,
  type OpLabel,
  track,
} from "./tensor/autograd.ts";

// Element by element.
export {
  add,
  type BinaryOp,
  div,
  eq,
  ge,
  gt,
  le,
  lt,
  maximum,
  minimum,
  mul,
  ne,
  sub,
} from "./ops/elementwise/binary.ts";
export { dropout } from "./ops/elementwise/dropout.ts";
export { gatherBatch } from "./ops/gather_batch.ts";
export { pow } from "./ops/elementwise/pow.ts";
export {
  abs,
  clamp,
  exp,
  gelu,
  type GeluOptions,
  log,
  relu,
  relu6,
  sigmoid,
  silu,
  sqrt,
  tanh,
  type UnaryOp,
} from "./ops/elementwise/unary.ts";
export { where } from "./ops/indexing/where.ts";

// Over dimensions.
export { argmax } from "./ops/reduce/argmax.ts";
export { logSoftmax, softmax } from "./ops/softmax/softmax.ts";
export { max, min } from "./ops/reduce/max.ts";
export { mean, type ReduceOptions, sum, type SumOptions } from "./ops/reduce/sum.ts";
export { norm, type NormOptions } from "./ops/reduce/norm.ts";
export { std, variance, type VarianceOptions } from "./ops/reduce/variance.ts";
export { topKCorrect } from "./ops/reduce/top_k_correct.ts";
export { type TopK, topk, type TopKOptions } from "./ops/reduce/topk.ts";

// Shapes and indices.
export { cat, stack } from "./ops/shape/cat.ts";
export { expand } from "./ops/shape/expand.ts";
export { gather } from "./ops/indexing/gather.ts";
export type { Index, IndexRange } from "./ops/shape/index.ts";
export { indexSelect } from "./ops/indexing/index_select.ts";
export { oneHot } from "./ops/indexing/one_hot.ts";
export { pad, type Padding } from "./ops/shape/pad.ts";
export { permute } from "./ops/shape/permute.ts";
export { reshape, squeeze, unsqueeze } from "./ops/shape/reshape.ts";
export { scatterAdd } from "./ops/indexing/scatter_add.ts";
export { slice } from "./ops/shape/slice.ts";

// Products, convolutions, pools, normalisation.
export { matmul, type MatmulOptions } from "./ops/matmul/matmul.ts";
export { type Eigen, eigh } from "./ops/eigh.ts";
export { linear } from "./ops/matmul/linear.ts";
export { conv2d, type ConvOptions } from "./ops/conv/conv2d.ts";
export { convTranspose2d, type ConvTransposeOptions } from "./ops/conv/conv_transpose2d.ts";
export { batchNorm, type BatchNormOptions, type BatchNormTensors } from "./ops/norm/batch_norm.ts";
export { layerNorm, type LayerNormOptions } from "./ops/norm/layer_norm.ts";
export { adaptiveAvgPool2d } from "./ops/pool/adaptive_avg_pool2d.ts";
export { avgPool2d, type AvgPoolOptions } from "./ops/pool/avg_pool2d.ts";
export { maxPool2d, type PoolOptions } from "./ops/pool/max_pool2d.ts";
export { upsampleNearest } from "./ops/shape/upsample_nearest.ts";

// Modules.
export { type LoadReport, Module, type StateEntry } from "./nn/module.ts";
export { AdaptiveAvgPool2d, AvgPool2d, MaxPool2d } from "./nn/pools.ts";
export { BatchNorm2d, type BatchNorm2dOptions, type BatchNormEpilogue } from "./nn/batch_norm2d.ts";
export { Conv2d, type Conv2dOptions } from "./nn/conv2d.ts";
export { ConvTranspose2d, type ConvTranspose2dOptions } from "./nn/conv_transpose2d.ts";
export { Dropout } from "./nn/dropout.ts";
export { Flatten, Identity } from "./nn/flatten.ts";
export { LayerNorm, type LayerNormModuleOptions } from "./nn/layer_norm.ts";
export { Linear, type LinearOptions } from "./nn/linear.ts";
export { ModuleDict, ModuleList, ParameterList } from "./nn/module_list.ts";
export { Parameter, type ParameterConstructor, type ParameterOptions } from "./nn/parameter.ts";
export { GELU, ReLU, SiLU, Tanh } from "./nn/activations.ts";
export { type Layer, Sequential } from "./nn/sequential.ts";
export { Upsample } from "./nn/upsample.ts";
export {
  type FanMode,
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
} from "./nn/init.ts";

// Models.
export { type Features, Model, type ModelOptions, type ModelOutput } from "./models/model.ts";
export type { ModelFamily } from "./models/family.ts";
export { createModel, type CreateModelOptions, modelNames } from "./models/registry.ts";
export { type ModelCost, modelCost } from "./models/model_cost.ts";

// Losses.
export { crossEntropy, type CrossEntropyOptions } from "./ops/softmax/cross_entropy.ts";
export { attentionLoss } from "./losses/attention.ts";
export { classRelationLoss } from "./losses/class_relation.ts";
export { dkdLoss, type DkdOptions } from "./losses/dkd.ts";
export { kdsvdLoss } from "./losses/kdsvd.ts";
export { kdLoss, type KdOptions } from "./losses/kd.ts";
export { hierarchicalContextLoss } from "./losses/hierarchical_context.ts";
export { mseLoss, smoothL1Loss } from "./losses/mse.ts";
export { nstLoss } from "./losses/nst.ts";
export { ofdLoss } from "./losses/ofd.ts";
export { pktLoss } from "./losses/pkt.ts";
export { rkdLoss, type RkdOptions } from "./losses/rkd.ts";
export { similarityLoss } from "./losses/similarity.ts";
export {
  wkdFeatureLoss,
  type WkdFeatureLosses,
  type WkdFeatureOptions,
} from "./losses/wkd_feature.ts";
export {
  wkdLogitLoss,
  wkdLogitLossWithTargetSeparation,
  type WkdLogitOptions,
  type WkdSeparatedOptions,
} from "./losses/wkd_logit.ts";
export { sinkhorn, type SinkhornMethod, type SinkhornOptions } from "./ops/sinkhorn/sinkhorn.ts";
export { CostKernel, type CostKernelOptions } from "./ops/sinkhorn/cost_kernel.ts";
export { classifierCost } from "./cost_matrix/classifier_cost.ts";
export { type CkaKernel, kernelCkaCost } from "./cost_matrix/kernel_cka_cost.ts";
export {
  type FeatureShape,
  linearCkaCost,
  type LinearCkaOptions,
} from "./cost_matrix/linear_cka_cost.ts";
export type {
  GaussianWassersteinLosses,
  GaussianWassersteinOptions,
} from "./ops/losses/gaussian_wasserstein.ts";

// Distillers and optimisers.
export type { BatchInfo, Distiller, DistillerOutput, Schedule } from "./distill/distiller.ts";
export { type MixedLabels, type TargetOptions, Targets } from "./distill/targets.ts";
export { AT } from "./distill/at.ts";
export type { ContrastMemoryOptions } from "./distill/parts/contrast_memory.ts";
export type { ContrastSamplerOptions, ContrastSource } from "./distill/parts/contrast_sampler.ts";
export { CRD, type CRDOptions } from "./distill/crd.ts";
export { DKD, type DKDOptions } from "./distill/dkd.ts";
export { FeatureDistiller, type FeatureWeights } from "./distill/feature_distiller.ts";
export { FitNet, type FitNetOptions } from "./distill/fitnet.ts";
export { KD, type KDOptions } from "./distill/kd.ts";
export { KDSVD, type KDSVDOptions } from "./distill/kdsvd.ts";
export { NST } from "./distill/nst.ts";
export { OFD, type OFDOptions } from "./distill/ofd.ts";
export { PKT } from "./distill/pkt.ts";
export { ReviewKD, type ReviewKDOptions } from "./distill/reviewkd.ts";
export { RKD } from "./distill/rkd.ts";
export { SP } from "./distill/sp.ts";
export { Vanilla } from "./distill/vanilla.ts";
export { VID, type VIDOptions } from "./distill/vid.ts";
export {
  WKD,
  type WKDFeatureOptions,
  type WKDLogitOptions,
  type WKDOptions,
} from "./distill/wkd.ts";
export { FlatOptimizer } from "./optim/flat_optimizer.ts";
export type {
  DecaySetting,
  GradientScaling,
  Optimizer,
  OptimizerDefinition,
  OptimizerEntries,
  ParameterGroup,
  ParametersOrGroups,
  SolverSettings,
  TorchSetting,
} from "./optim/optimizer.ts";
export { AdamW, type AdamWOptions } from "./optim/adamw.ts";
export { SGD, type SGDOptions } from "./optim/sgd.ts";
export { clipGradNorm } from "./optim/clip_grad_norm.ts";
export { GradScaler, type GradScalerOptions } from "./optim/grad_scaler.ts";
export { ModelEma } from "./optim/model_ema.ts";
export {
  type GroupSettings,
  matchesName,
  parameterGroups,
  type SolverGroup,
} from "./optim/parameter_groups.ts";
export {
  cosineLr,
  epochsDone,
  type LearningRate,
  type Moment,
  multiStepLr,
  type ScheduleDefinition,
  warmUp,
} from "./optim/schedules.ts";
export { registerOptimizer, registerSchedule } from "./optim/registry.ts";
export {
  type AnyField,
  type Field,
  field,
  type FieldKind,
  type FieldValue,
  type Range,
  type Section,
  type ValuesOf,
} from "./config/field.ts";
export type { Choice, Misfit } from "./config/choices.ts";

// Files, as bytes.
export { FormatError } from "./formats/format_error.ts";
export {
  type ByteSource,
  readSafetensors,
  type Safetensors,
  type SafetensorsData,
  type SafetensorsDtype,
  SafetensorsError,
  type SafetensorsTensor,
  stateEntries,
  type StateNumbers,
  writeSafetensors,
} from "./formats/safetensors/safetensors.ts";
