import { GpuError } from "./gpu_error.ts";
import {
  type BindingKind,
  type Kernel,
  type KernelInterface,
  NO_SUBGROUPS,
  type Subgroups,
} from "./kernel.ts";
import type { TemplateValues } from "./template.ts";

/** Numbers for `override` constants of a kernel. */
export type KernelConstants = Readonly<Record<string, number>>;

/** A kernel variant: interface and layout at once, the compiled pipeline when it is ready. */
export interface PipelineEntry {
  /** The kernel's name with its template values. */
  readonly name: string;
  /** Its source, bindings and parameters. */
  readonly kernel: KernelInterface;
  /** Layout of its bind group. */
  readonly layout: GPUBindGroupLayout;
  /** Its `override` constants. */
  readonly constants: KernelConstants;
  /** The compiled pipeline; null before. */
  pipeline: GPUComputePipeline | null;
  /** Whether it has run: drivers may put off compiling until then. */
  warm: boolean;
}

/** Compilation progress: how many variants are compiled, of how many known, and what it took. */
export interface CompileProgress {
  /** The variant under way; null where none is left. */
  readonly name: string | null;
  /** Variants that are compiled. */
  readonly done: number;
  /** Variants that are known so far. */
  readonly total: number;
  /** Time spent compiling so far. */
  readonly milliseconds: number;
}

/** Compute pipelines by source and constants; each is compiled once. */
export class PipelineCache {
  /** By kernel, then by values and constants. */
  readonly #variants = new WeakMap<Kernel, Map<string, PipelineEntry>>();
  /** By constants and source. */
  readonly #entries = new Map<string, PipelineEntry>();
  readonly #layouts = new Map<string, GPUBindGroupLayout>();
  /** Variants not compiled yet. */
  readonly waiting: Set<PipelineEntry> = new Set();
  /** Variants that have run. */
  warmed = 0;
  /** Milliseconds spent compiling so far. */
  compileMilliseconds = 0;

  /** An empty cache. */
  constructor(
    readonly device: GPUDevice,
    readonly subgroups: Subgroups = NO_SUBGROUPS,
    /** Whether kernels leave loops as loops, which compiles sooner and runs no slower where kernels run on the CPU. */
    readonly loops: boolean = false,
    /** Whether kernels load and store vectors of float32 as 64-bit integers. */
    readonly wide: boolean = false,
  ) {}

  /** The entry of a variant; compiles nothing. */
  get(kernel: Kernel, values: TemplateValues, constants: KernelConstants): PipelineEntry {
    let variants = this.#variants.get(kernel);
    if (!variants) this.#variants.set(kernel, variants = new Map());
    const valuesKey = keyOf(values);
    const constantsKey = keyOf(constants);
    const key = `${valuesKey}|${constantsKey}`;
    let entry = variants.get(key);
    if (!entry) {
      const { subgroups, loops, wide } = this;
      const interface_ = kernel.reflect(values, valuesKey, subgroups, loops, wide);
      entry = this.#entryOf(kernel, interface_, valuesKey, constants, constantsKey);
      variants.set(key, entry);
    }
    return entry;
  }

  #entryOf(
    { name }: Kernel,
    kernel: KernelInterface,
    valuesKey: string,
    constants: KernelConstants,
    constantsKey: string,
  ): PipelineEntry {
    const key = `${constantsKey}|${kernel.source}`;
    let entry = this.#entries.get(key);
    if (!entry) {
      entry = {
        name: valuesKey ? `${name}(${valuesKey})` : name,
        kernel,
        layout: this.#layout(kernel),
        constants,
        pipeline: null,
        warm: false,
      };
      this.#entries.set(key, entry);
      this.waiting.add(entry);
    }
    return entry;
  }

  /**
   * Compiles a variant, unless it is compiled.
   *
   * @throws GpuError naming the kernel when it does not compile.
   */
  async compile(entry: PipelineEntry): Promise<void> {
    if (entry.pipeline) return;
    this.device.pushErrorScope("validation");
    const descriptor = this.#descriptor(entry);
    const compiling = this.#create(descriptor);
    // At once: an error that something else makes meanwhile is not this kernel's.
    const scoped = this.device.popErrorScope();
    const [pipeline, error] = await Promise.allSettled([compiling, scoped]);
    const message = (error.status === "fulfilled" ? error.value : error.reason)?.message;
    if (message !== undefined || pipeline.status === "rejected") {
      const why = message ?? ((pipeline as PromiseRejectedResult).reason as Error).message;
      const where = await sourceLine(entry, descriptor.compute.module);
      throw new GpuError(`kernel ${entry.name} does not compile${where}: ${why}`, "kernel");
    }
    entry.pipeline ??= pipeline.value;
    this.waiting.delete(entry);
  }

  /** Notes that a variant has run. */
  ran(entry: PipelineEntry): void {
    if (entry.warm) return;
    entry.warm = true;
    this.warmed++;
  }

  /** How far compiling is, with `name` as the variant under way, or null. */
  progress(name: string | null): CompileProgress {
    const { size } = this.#entries;
    const milliseconds = this.compileMilliseconds;
    return { name, done: this.warmed, total: size, milliseconds };
  }

  /** Compiles what waits without returning to the event loop; errors arrive as uncaptured errors. */
  compileNow(): void {
    for (const entry of this.waiting) {
      const start = performance.now();
      entry.pipeline ??= this.device.createComputePipeline(this.#descriptor(entry));
      this.compileMilliseconds += performance.now() - start;
      this.waiting.delete(entry);
    }
  }

  async #create(descriptor: GPUComputePipelineDescriptor): Promise<GPUComputePipeline> {
    return await this.device.createComputePipelineAsync(descriptor);
  }

  #descriptor(entry: PipelineEntry): GPUComputePipelineDescriptor {
    const module = this.device.createShaderModule({
      label: entry.name,
      code: entry.kernel.source,
    });
    return {
      label: entry.name,
      layout: this.device.createPipelineLayout({ bindGroupLayouts: [entry.layout] }),
      compute: { module, entryPoint: "main", constants: { ...entry.constants } },
    };
  }

  #layout(kernel: KernelInterface): GPUBindGroupLayout {
    const key = kernel.bindings.map((b) => `${b.binding}${b.kind}`).join();
    let layout = this.#layouts.get(key);
    if (!layout) {
      layout = this.device.createBindGroupLayout({
        entries: kernel.bindings.map(({ binding, kind }) => ({
          binding,
          visibility: 4, // GPUShaderStage.COMPUTE
          buffer: { type: kind satisfies BindingKind },
        })),
      });
      this.#layouts.set(key, layout);
    }
    return layout;
  }
}

/** Where the first error of a shader was written, as ` (line 3 of shared/grid.wgsl: "let e = 1;")`; empty when unknown. */
async function sourceLine({ kernel }: PipelineEntry, module: GPUShaderModule): Promise<string> {
  const info = await module.getCompilationInfo().catch(() => null);
  const error = info?.messages.find(({ type }) => type === "error");
  const origin = error && kernel.origins[error.lineNum - 1];
  if (!origin) return "";
  const file = origin.file === null ? "its file" : `shared/${origin.file}.wgsl`;
  return ` (line ${origin.line} of ${file}: "${origin.text.trim()}")`;
}

function keyOf(values: Readonly<Record<string, number | string | boolean>>): string {
  let key = "";
  for (const name in values) key += (key ? "," : "") + name + "=" + values[name];
  return key;
}
