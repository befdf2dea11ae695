/** What went wrong with a device, for programs that advise on it; null for a mistake of the caller's. */
export type GpuErrorKind = "out-of-memory" | "no-adapter" | "no-float16" | "device-lost" | "kernel";

/** An error of the WebGPU layer: no adapter, device loss, a kernel that does not compile, memory refused. */
export class GpuError extends Error {
  /** Always `GpuError`. */
  override name = "GpuError";

  /** The message says what happened; `kind` what sort of thing it is. */
  constructor(message: string, readonly kind: GpuErrorKind | null = null) {
    super(message);
  }
}
