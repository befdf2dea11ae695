/** An error of the WebGPU layer: no adapter, device loss, a kernel that does not compile, memory refused. */
export class GpuError extends Error {
  /** Always `GpuError`. */
  override name = "GpuError";
}
