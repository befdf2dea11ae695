import { GpuError } from "./gpu_error.ts";
import type { KernelInterface } from "./kernel.ts";
import { ParamArena } from "./param_arena.ts";
import type { KernelConstants, PipelineEntry } from "./pipeline_cache.ts";
import type { TemplateValues } from "./template.ts";

/** Bytes of a buffer; `offset` must be a multiple of the adapter's binding alignment. */
export interface BufferRange {
  /** The buffer that holds them. */
  readonly buffer: GPUBuffer;
  /** Bytes from its start. */
  readonly offset: number;
  /** How many bytes. */
  readonly size: number;
}

/** What a dispatch needs beside its kernel. */
export interface DispatchOptions {
  /** A buffer range for every storage or uniform variable, by its name in the kernel. */
  readonly bindings: Readonly<Record<string, BufferRange>>;
  /** A number for every field of the kernel's `Params`. */
  readonly params?: Readonly<Record<string, number>>;
  /** Values for a template kernel. */
  readonly values?: TemplateValues;
  /** `override` constants. */
  readonly constants?: KernelConstants;
  /** How many workgroups run, by dimension; missing ones are 1. */
  readonly workgroups: readonly [number, number?, number?];
}

const EMPTY = Object.freeze({});

/** Makes the bind groups of dispatches: buffers by name, parameters packed into shared slots. */
export class Binder {
  readonly #params: ParamArena;
  readonly #mostGroups: number;

  /** Bind groups for kernels on `device`. */
  constructor(readonly device: GPUDevice) {
    this.#params = new ParamArena(device);
    this.#mostGroups = device.limits.maxComputeWorkgroupsPerDimension;
  }

  /**
   * How many workgroups a dispatch runs, by dimension.
   *
   * @throws GpuError when they are more than the adapter takes.
   */
  workgroups(
    { name }: PipelineEntry,
    { workgroups }: DispatchOptions,
  ): readonly [number, number, number] {
    const [x, y = 1, z = 1] = workgroups;
    const most = this.#mostGroups;
    if (x > most || y > most || z > most) {
      throw new GpuError(
        `kernel ${name}: ${x} x ${y} x ${z} workgroups, where this adapter takes ${most} in one dimension`,
        "out-of-memory",
      );
    }
    return [x, y, z];
  }

  /**
   * The bind group of one dispatch.
   *
   * @throws GpuError when a binding or a parameter is missing.
   */
  bind(entry: PipelineEntry, options: DispatchOptions): GPUBindGroup {
    const { kernel, layout, name } = entry;
    const entries = kernel.bindings.map(({ name: variable, binding }) => {
      if (variable === kernel.paramsName) {
        return { binding, resource: this.#pack(name, kernel, options.params ?? EMPTY) };
      }
      const range = options.bindings[variable];
      if (!range) throw new GpuError(`kernel ${name}: nothing is bound to "${variable}"`);
      const { buffer, offset, size } = range;
      return { binding, resource: { buffer, offset, size } };
    });
    return this.device.createBindGroup({ label: name, layout, entries });
  }

  #pack(
    name: string,
    kernel: KernelInterface,
    params: Readonly<Record<string, number>>,
  ): BufferRange {
    const words = new Uint32Array(kernel.params.length);
    const floats = new Float32Array(words.buffer);
    kernel.params.forEach((field, i) => {
      const value = params[field.name];
      if (value === undefined) {
        throw new GpuError(`kernel ${name}: parameter "${field.name}" is missing`);
      }
      if (field.type === "f32") floats[i] = value;
      else words[i] = value;
    });
    if (this.#params.full) this.#params.clear();
    return this.#params.slot(words);
  }
}
