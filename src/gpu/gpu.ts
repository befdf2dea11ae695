import { type Bindable, Binder, type BufferRange, type DispatchOptions } from "./binder.ts";
import { BufferPool, type MemoryAccount } from "./buffer_pool.ts";
import { type DeviceCommand, type DispatchCommand, encode, type Visit } from "./command.ts";
import { DeviceFailure } from "./device_failure.ts";
import { type ExchangeOptions, runRecorded } from "./exchange.ts";
import { GpuError } from "./gpu_error.ts";
import { type Kernel, NO_SUBGROUPS, type Subgroups } from "./kernel.ts";
import { type CompileProgress, PipelineCache, type PipelineEntry } from "./pipeline_cache.ts";
import { readRange } from "./read_range.ts";
import { Recording } from "./recording.ts";
import { RecordingScope } from "./recording_scope.ts";
import { INT64 } from "./subgroups.ts";
import { synchronous } from "./synchronous.ts";
import { Tuning } from "./tuning.ts";

export type { Bindable, BufferRange, DispatchOptions };

const EMPTY = Object.freeze({});
const MAX_PENDING = 512;

/**
 * One WebGPU device with everything the engine needs of it: buffers, compiled kernels and an
 * ordered list of commands that is submitted many dispatches at a time.
 */
export class Gpu {
  /** Bytes in use and their limits. */
  readonly account: MemoryAccount;
  /** The compiled kernels. */
  readonly pipelines: PipelineCache;
  /** What ended the device's work, if anything did. */
  readonly failure: DeviceFailure;
  /** Whether kernels may use float16. */
  readonly half: boolean;
  /** Whether kernels load two floats as a 64-bit integer, for about the price of one where a load is code for each lane of a CPU. */
  readonly int64: boolean;
  /** Which variants of kernels run where that was measured; nothing is until somebody turns it on. */
  readonly tuning: Tuning;
  /** Called before each kernel is compiled. */
  onCompile: ((progress: CompileProgress) => void) | undefined;
  /** Whether compiling costs more than slow kernels do: loops stay loops, many shapes share a kernel. Default on the CPU. */
  compilesSlowly: boolean;
  readonly #binder: Binder;
  readonly #pool: BufferPool;
  #scope: RecordingScope | null = null;
  #pending: DeviceCommand[] = [];
  #warming: Promise<void> | null = null;
  #dry = false;

  /** Takes over an open device; `openDevice` and `init` make one. */
  constructor(
    readonly device: GPUDevice,
    readonly info: GPUAdapterInfo,
    /** Whether kernels run on the CPU; chooses kernel variants. */
    readonly software: boolean,
    memoryLimit: number = Infinity,
    /** How kernels may use subgroups. */
    readonly subgroups: Subgroups = NO_SUBGROUPS,
  ) {
    this.compilesSlowly = software;
    this.half = device.features.has("shader-f16");
    this.int64 = software && device.features.has(INT64);
    const { maxStorageBufferBindingSize, maxBufferSize } = device.limits;
    this.account = {
      ...{ inUse: 0, peak: 0, allocated: 0 },
      limit: memoryLimit,
      maxTensor: Math.floor(Math.min(maxStorageBufferBindingSize, maxBufferSize) / 4096) * 4096,
    };
    this.pipelines = new PipelineCache(device, subgroups, software, this.int64);
    this.#binder = new Binder(device);
    this.#pool = new BufferPool(device, this.account, (needed) => {
      // Trimming submits; what is not compiled yet would be compiled without a word to onCompile.
      if (needed || this.pipelines.waiting.size === 0) this.trim();
    });
    this.failure = new DeviceFailure(device, this.account);
    this.tuning = new Tuning(info.description || info.device || info.vendor);
  }

  /** The pool that new tensors come from. */
  get pool(): BufferPool {
    return this.#scope?.pool ?? this.#pool;
  }

  /** Whether commands are being recorded. */
  get recording(): boolean {
    return this.#scope !== null;
  }

  /** Whether nothing runs, within {@linkcode Gpu.dryRun}. */
  get dry(): boolean {
    return this.#dry;
  }

  /**
   * Queues a kernel; it runs after everything queued before.
   *
   * @throws GpuError when a binding or a parameter is missing, or the workgroups are too many.
   */
  dispatch(kernel: Kernel, options: DispatchOptions): void {
    if (this.#dry) return;
    const entry = this.pipelines.get(kernel, options.values ?? EMPTY, options.constants ?? EMPTY);
    const workgroups = this.#binder.workgroups(entry, options);
    if (workgroups.includes(0)) return;
    const bindGroup = this.#binder.bind(entry, options);
    this.#push({ kind: "dispatch", entry, bindGroup, workgroups });
  }

  /** Queues a copy of `size` bytes (a multiple of 4). */
  copy(source: BufferRange, target: BufferRange, size: number = source.size): void {
    const to = { target: target.buffer, targetOffset: target.offset };
    this.#push({ kind: "copy", source: source.buffer, sourceOffset: source.offset, ...to, size });
  }

  /** Queues zeroing. */
  clear(target: BufferRange): void {
    this.#push({ kind: "clear", target: target.buffer, offset: target.offset, size: target.size });
  }

  /**
   * Has float32 numbers of the device seen, and changed, by the host within a recording, each time that it runs.
   *
   * @throws GpuError outside of a recording
   */
  exchange(range: BufferRange, visit: Visit, options?: ExchangeOptions): void {
    if (this.#dry) return;
    if (!this.#scope) throw new GpuError("exchange() outside of a recording");
    this.#scope.exchange(this.device, range, visit, options);
  }

  /** Writes from memory; commands queued before see the old contents, later ones the new. */
  upload(target: BufferRange, data: ArrayBufferView): void {
    if (this.#dry) return;
    if (this.#pending.length > 0) this.flushNow();
    const { buffer, offset } = target;
    this.device.queue.writeBuffer(buffer, offset, data as ArrayBufferView<ArrayBuffer>);
  }

  /** Reads bytes back, after everything queued before. Takes at least 10 ms on most drivers. */
  read(source: BufferRange, bytes: number = source.size): Promise<ArrayBuffer> {
    return readRange(this, source, bytes, (command) => this.#pending.push(command));
  }

  /**
   * Submits what is queued. Kernels that run for the first time are compiled one by one, each told to
   * {@linkcode Gpu.onCompile} before, and run before the next: drivers may compile at the first run. The last is told null.
   */
  async flush(): Promise<void> {
    this.check();
    for (let warmed = false;; warmed = true) {
      const cold = this.#pending.findIndex((c) => c.kind === "dispatch" && !c.entry.warm);
      if (cold < 0 && warmed) this.onCompile?.(this.pipelines.progress(null));
      if (cold < 0) break;
      this.#submit(this.#pending.splice(0, cold));
      const { entry } = this.#pending[0] as DispatchCommand;
      // Whoever flushes meanwhile waits for the same kernel.
      this.#warming ??= this.#warm(entry).finally(() => this.#warming = null);
      await this.#warming;
    }
    this.flushNow();
  }

  /** Submits what is queued, compiling what is missing on the spot. */
  flushNow(): void {
    this.check();
    if (this.#pending.length === 0) return;
    this.pipelines.compileNow();
    this.#submit(this.#pending.splice(0));
    this.check();
  }

  /** Resolves when the device has finished everything. */
  async finished(): Promise<void> {
    await this.flush();
    await this.device.queue.onSubmittedWorkDone().catch((error) =>
      this.failure.unanswered(error, "waiting for the device")
    );
    this.check();
  }

  /**
   * Runs `fn` once and keeps its commands for replay. Buffers that `fn` allocates stay pinned until
   * the recording is disposed.
   *
   * @throws GpuError when a recording is already under way; TypeError when `fn` is async.
   */
  async record(fn: () => void): Promise<Recording> {
    if (this.recording) throw new GpuError("record() inside record()");
    await this.flush();
    const scope = this.#inScope(fn);
    await runRecorded(this, scope, (each) => this.#pending.push(each)).catch((error) => {
      scope.release();
      throw error;
    });
    return new Recording(this, scope.commands, () => scope.release());
  }

  /** Runs `fn` and keeps its commands unsubmitted, with buffers of their own until they are released; see `record()`. */
  capture(fn: () => void): RecordingScope {
    if (this.recording) throw new GpuError("capture() inside record()");
    this.flushNow();
    const scope = this.#inScope(fn);
    this.#pending = [];
    return scope;
  }

  /** Runs `fn` (TypeError when async) and nothing on the device: tensors hold anything, their shapes are right. */
  dryRun<T>(fn: () => T): T {
    const outer = this.#dry;
    this.#dry = true;
    try {
      return synchronous("dryRun", fn());
    } finally {
      this.#dry = outer;
    }
  }

  /** Runs `fn` (TypeError when async) outside of a recording under way: once, in its place, with memory of the outside. */
  aside<T>(fn: () => T): T {
    const scope = this.#scope;
    this.#scope = null;
    try {
      return synchronous("aside", fn());
    } finally {
      this.#scope = scope;
    }
  }

  /**
   * A buffer for data from the host. While recording it belongs to the recording (and the pool is
   * null), so that a replay finds the data again.
   */
  acquireForUpload(bytes: number): { buffer: GPUBuffer; pool: BufferPool | null } {
    const buffer = this.#pool.acquire(bytes);
    if (!this.#scope) return { buffer, pool: this.#pool };
    this.#scope.pinned.push(buffer);
    return { buffer, pool: null };
  }

  /** Destroys the buffers that wait for reuse. A device that has failed runs nothing any more, and gives them up too. */
  trim(): void {
    if (this.failure.failed) this.#pending = [];
    else this.flushNow();
    this.#pool.trim();
  }

  /** Throws a GpuError when the device has failed since. */
  check(): void {
    this.failure.check();
  }

  /** Releases the device; nothing may be used afterwards. */
  destroy(): void {
    this.failure.expectLoss();
    this.device.destroy();
  }

  #inScope(fn: () => void): RecordingScope {
    const scope = this.#scope = new RecordingScope(this.device, this.account, this.#pool);
    try {
      scope.run(fn);
      return scope;
    } catch (error) {
      this.#pending = [];
      throw error;
    } finally {
      this.#scope = null;
    }
  }

  #submit(commands: readonly DeviceCommand[]): void {
    if (commands.length === 0) return;
    const encoder = this.device.createCommandEncoder();
    encode(encoder, commands);
    this.device.queue.submit([encoder.finish()]);
  }

  async #warm(entry: PipelineEntry): Promise<void> {
    this.onCompile?.(this.pipelines.progress(entry.name));
    const start = performance.now();
    await this.pipelines.compile(entry).catch((error) => {
      // What is queued can never run; every later use says why.
      throw this.failure.set(error);
    });
    // Someone else may have submitted the command while this one waited.
    const [next] = this.#pending;
    if (next?.kind === "dispatch" && next.entry === entry) this.#submit(this.#pending.splice(0, 1));
    await this.device.queue.onSubmittedWorkDone();
    this.check();
    if (entry.warm) return;
    this.pipelines.ran(entry);
    this.pipelines.compileMilliseconds += performance.now() - start;
  }

  #push(command: DeviceCommand): void {
    if (this.#dry) return;
    this.#scope?.commands.push(command);
    if (!this.#scope?.exchanges) this.#pending.push(command);
    if (this.#scope || this.#pending.length < MAX_PENDING) return;
    if (this.pipelines.waiting.size === 0) this.flushNow();
  }
}
