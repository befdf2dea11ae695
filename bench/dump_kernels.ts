/**
 * Writes the WGSL of every kernel that one WKD-L + WKD-F training step dispatches on hardware, without running any, for a
 * compiler's statistics: `deno run -A dump_kernels.ts PROJECT OUT [TEACHER STUDENT BATCH CHANNELS SIZE CLASSES] [--f16] [--subgroups]`
 * OUT/index.json lists variants with their bindings, workgroups, how often the step dispatches each, and the multiply-adds of
 * these dispatches, products and convolutions only. PROJECT is read by the program that calls this one; the kernels are those
 * of this checkout.
 */
import { WKD } from "../src/distill/wkd.ts";
import { Gpu } from "../src/gpu/gpu.ts";
import { NO_SUBGROUPS } from "../src/gpu/kernel.ts";
import type { PipelineEntry } from "../src/gpu/pipeline_cache.ts";
import { createModel } from "../src/models/registry.ts";
import { CostKernel } from "../src/ops/sinkhorn/cost_kernel.ts";
import { GradScaler } from "../src/optim/grad_scaler.ts";
import { SGD } from "../src/optim/sgd.ts";
import { featureShapes } from "../src/run/build_distiller.ts";
import { setDefaultDevice } from "../src/tensor/default_device.ts";
import { TrainStep } from "../src/train/train_step.ts";

/** A kernel variant and the workgroups of each of its dispatches. */
interface DumpedKernel {
  readonly entry: PipelineEntry;
  readonly dispatches: number[][];
}

type Numbers = Readonly<Record<string, number>>;

/** Multiply-adds of a dispatch by its parameters and template values, of the kernels that make products and convolutions. */
const MULTIPLY_ADDS: Readonly<Record<string, (p: Numbers, groups: number) => number>> = {
  conv2d_tiled: (p) => p.rows * p.columns * p.channels * p.kernelY * p.kernelX * p.groups,
  conv2d_tiled_weight_grad: (p) => p.rows * p.channels * p.kernelY * p.kernelX * p.depth * p.groups,
  conv2d_generic: (p) =>
    p.images * p.outChannels * p.outHeight * p.outWidth * p.inChannels / p.groups * p.kernelY *
    p.kernelX,
  conv2d_depthwise: (p) => p.tiles / p.tilesX / p.tilesY * ofPlane(p),
  conv2d_depthwise_input_grad: (p) => p.tiles / p.tilesX / p.tilesY * ofPlane(p),
  conv2d_depthwise_weight_grad: (p) => p.allStrips / p.tilesX / p.tilesY * p.channels * ofPlane(p),
  matmul_tiled: (p, groups) => p.rows * p.columns * p.depth * groups / p.splits,
};

function ofPlane({ outHeight, outWidth, KH, KW }: Numbers): number {
  return outHeight * outWidth * KH * KW;
}

const LIMITS = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeInvocationsPerWorkgroup",
] as const;

/** A device that chooses kernels as hardware would have them, and runs nothing. */
async function dryDevice(): Promise<Gpu> {
  const adapter = (await navigator.gpu.requestAdapter())!;
  const device = await adapter.requestDevice({
    requiredLimits: Object.fromEntries(LIMITS.map((name) => [name, adapter.limits[name]])),
    requiredFeatures: adapter.features.has("shader-f16") ? ["shader-f16"] : [],
  });
  // Of 32 threads, as most cards have them at least; written as naga wants it.
  const subgroups = Deno.args.includes("--subgroups") ? { size: 32, enable: false } : NO_SUBGROUPS;
  const gpu = new Gpu(device, adapter.info, false, Infinity, subgroups);
  gpu.flush = () => Promise.resolve();
  gpu.flushNow = () => {};
  gpu.upload = () => {};
  return gpu;
}

function distillerOf(teacher: string, student: string, image: number[], classes: number): WKD {
  const family = image[1] > 64 ? "imagenet" : "cifar";
  const model = (name: string) =>
    createModel(name, { numClasses: classes, inChannels: image[0], family });
  const models = [model(student), model(teacher).requiresGrad_(false).eval()];
  const diagonal = (i: number) => i % (classes + 1) === 0;
  const cost = Float32Array.from({ length: classes ** 2 }, (_, i) => diagonal(i) ? 0 : 0.7);
  const [studentShapes, teacherShapes] = models.map((each) =>
    featureShapes(each, [1, ...image]).feats
  );
  return new WKD(models[0], models[1], {
    ceWeight: 1,
    cosineDecayEpoch: 150,
    logit: { weight: 50, temperature: 4, iterations: 10, cost: new CostKernel(cost, classes) },
    feature: {
      ...{ weight: 0.2, hintLayer: -1, meanCovRatio: 4, projector: "conv1x1", grid: 1, eps: 1e-5 },
      studentShapes,
      teacherShapes,
    },
  });
}

/** A letter for each index up to the last: u(niform) or s(torage), also where nothing is bound. */
function kindsOf({ kernel: { bindings } }: PipelineEntry): string {
  const kinds = Array(1 + Math.max(...bindings.map(({ binding }) => binding))).fill("s");
  for (const { binding, kind } of bindings) if (kind === "uniform") kinds[binding] = "u";
  return kinds.join("");
}

const [, out, teacher = "resnet32x4", student = "resnet8x4", ...numbers] = Deno.args.filter((
  argument,
) => !argument.startsWith("--"));
const [batch = 64, channels = 3, size = 32, classes = 100] = numbers.map(Number);
const image = [channels, size, size];
const variants = new Map<PipelineEntry, DumpedKernel>();
const gpu = await dryDevice();
setDefaultDevice(gpu);
const distiller = distillerOf(teacher, student, image, classes);
const trained = [distiller.student, ...Object.values(distiller.extraModules)];
const optimizer = new SGD(trained.flatMap((module) => module.parameters()), {
  ...{ lr: 0.05, momentum: 0.9, weightDecay: 5e-4, nesterov: true },
});
const scaler = Deno.args.includes("--f16") ? new GradScaler(gpu) : null;
const imageShape = [batch, ...image];
const step = new TrainStep({ gpu, distiller, optimizer, scaler, imageShape });
const multiplyAdds = new Map<PipelineEntry, number>();
const dispatch = gpu.dispatch.bind(gpu);
gpu.dispatch = (kernel, options) => {
  dispatch(kernel, options);
  const { params, values = {}, constants = {}, workgroups } = options;
  const count = MULTIPLY_ADDS[kernel.name]?.({ ...params, ...values } as Numbers, workgroups[2]!);
  const entry = gpu.pipelines.get(kernel, values, constants);
  multiplyAdds.set(entry, (multiplyAdds.get(entry) ?? 0) + (count ?? 0));
};
await step.run({
  images: new Float32Array(batch * channels * size * size),
  labels: new Int32Array(batch),
}, { epoch: 1, epochs: 240 });
// What is prepared once, beside the recording, is no part of a step.
for (const command of (await step.recorded())!.commands) {
  if (command.kind !== "dispatch") continue;
  const { entry, workgroups } = command;
  const variant = variants.get(entry) ?? { entry, dispatches: [] };
  variant.dispatches.push([...workgroups]);
  variants.set(entry, variant);
}
await Deno.mkdir(out, { recursive: true });
const index: Record<string, unknown>[] = [];
for (const { entry, dispatches } of variants.values()) {
  const file = `${String(index.length).padStart(3, "0")}.wgsl`;
  await Deno.writeTextFile(`${out}/${file}`, entry.kernel.source);
  index.push({
    ...{ file, name: entry.name, kinds: kindsOf(entry), constants: entry.constants, dispatches },
    multiplyAdds: multiplyAdds.get(entry),
  });
}
await Deno.writeTextFile(`${out}/index.json`, JSON.stringify(index, null, 1));
const dispatches = [...variants.values()].reduce(
  (sum, { dispatches }) => sum + dispatches.length,
  0,
);
console.log(`${index.length} kernels, ${dispatches} dispatches a step`);
Deno.exit(0);
