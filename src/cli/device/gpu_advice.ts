import type { GpuError } from "../../gpu/gpu_error.ts";

/** What makes a command take less memory on the device. */
const LESS: Readonly<Record<string, string>> = {
  eval: "use a smaller --batch-size",
  predict: "use a smaller --batch-size",
  "cost-matrix": "use --source pooled, which takes a fraction of the memory",
};

/** What makes a command take less memory, where nothing is known but the command. */
export function lessOf(command: string): string {
  return LESS[command] ?? "use a smaller SOLVER.BATCH_SIZE";
}

/**
 * What to do where memory of the device was refused or ran out, as the end of its sentence.
 *
 * @param less what makes the command take less, such as `use a smaller SOLVER.BATCH_SIZE`
 */
export function memoryAdvice(message: string, less: string): string {
  const limit = /, limit /.test(message)
    ? ", or raise the limit (WKD_MEMORY_LIMIT_MB)"
    : /ran out/.test(message)
    ? ", or set WKD_MEMORY_LIMIT_MB to what the device can spare, so that waiting buffers are given up in time"
    : "";
  return `; ${less}${limit}`;
}

/**
 * What to do about an error of the device, as the end of its sentence: the engine knows tensors and bytes, but no settings.
 *
 * @param command the command that met it, such as `train`
 */
export function gpuAdvice({ kind, message }: GpuError, command: string): string {
  switch (kind) {
    case "out-of-memory":
      return memoryAdvice(message, lessOf(command));
    case "no-adapter":
      return /^no hardware/.test(message)
        ? "; install the GPU's Vulkan driver or use --device software"
        : ": run `sh setup.sh` to install one (a GPU driver or, on Linux, Mesa's software adapter)";
    case "no-float16":
      return "; use float32 (SOLVER.AMP False)";
    case "device-lost":
      return "; another program may have stopped or reset it, or its driver ended: `deno task doctor` " +
        "says whether it works again";
    case "kernel":
    case null:
      return "";
  }
}
