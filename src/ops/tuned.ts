import type { Gpu } from "../gpu/gpu.ts";
import type { Kernel } from "../gpu/kernel.ts";
import { SHARED_KERNELS } from "../gpu/shared_kernels.ts";
import { withoutTape } from "../tensor/autograd.ts";
import { Tensor } from "../tensor/core.ts";
import { scope } from "../tensor/scope.ts";

/** A choice among variants of an op's kernel. */
interface TunedChoice<T> {
  /** The kernel that all variants run. */
  readonly kernel: Kernel;
  /** Shapes and types that the choice depends on. */
  readonly shape: readonly (string | number)[];
  /** The default first; at most eight are timed. */
  readonly variants: readonly T[];
  /** The name of a variant, by which it is remembered. */
  readonly nameOf: (variant: T) => string;
  /** Dispatches a variant on {@linkcode scratchLike} tensors. */
  readonly run: (variant: T) => void;
}

/** The variant that was measured to be the fastest for a shape, or `standard` where nothing is measured. */
export function tuned<T>(gpu: Gpu, standard: T, choice: () => TunedChoice<T>): T {
  if (!gpu.tuning.active) return standard;
  const { kernel, shape, run, ...rest } = choice();
  return gpu.tuning.choose({
    ...rest,
    key: `${kernel.name} ${digestOf(kernel)}: ${shape.join(" ")}`,
    run: (variant) => withoutTape(() => scope(() => run(variant))),
  });
}

/** Memory for a tensor's shape and type, with any numbers in it. */
export function scratchLike({ gpu, shape, dtype }: Tensor): Tensor {
  return Tensor.result(gpu, shape, dtype);
}

/** Those whose names differ, in order. */
export function distinct<T>(variants: readonly T[], nameOf: (variant: T) => string): T[] {
  const names = variants.map(nameOf);
  return variants.filter((_, i) => names.indexOf(names[i]) === i);
}

const digests = new WeakMap<Kernel, string>();

/** Eight digits of a kernel's source: a choice is not that of a kernel that was changed since. */
function digestOf(kernel: Kernel): string {
  let digest = digests.get(kernel);
  if (digest === undefined) {
    // FNV-1a.
    let hash = 0x811c9dc5;
    const shared = Object.values(SHARED_KERNELS);
    for (const text of [kernel.template, ...shared]) {
      for (let i = 0; i < text.length; i++) {
        hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
      }
    }
    digest = (hash >>> 0).toString(16).padStart(8, "0");
    digests.set(kernel, digest);
  }
  return digest;
}
