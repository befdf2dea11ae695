import type { Gpu } from "./gpu.ts";
import { GpuError } from "./gpu_error.ts";

/** @throws GpuError when the adapter's kernels may not use float16. */
export function requireHalf({ half, info }: Gpu): void {
  if (half) return;
  const name = info.description || info.device || info.vendor || "this one";
  throw new GpuError(
    `float16 wants an adapter with shader-f16, which ${name} lacks`,
    "no-float16",
  );
}
