import type { Kernel } from "../gpu/kernel.ts";
import type { DispatchOptions } from "../gpu/gpu.ts";
import { Tensor } from "../tensor/tensor.ts";
import { elementwiseGrid } from "./grid.ts";

/**
 * Runs an element-wise kernel over tensors of one shape, off the tape.
 *
 * @param output the kernel's variable for the result, of the first input's shape and dtype.
 * @param inputs the tensors by the kernel's variables; all but one-element seeds have one shape, that
 * of the first.
 */
export function mapElements(
  kernel: Kernel,
  output: string,
  inputs: Readonly<Record<string, Tensor>>,
  options: Pick<DispatchOptions, "params" | "values"> = {},
): Tensor {
  const [first] = Object.values(inputs);
  const result = Tensor.result(first.gpu, first.shape, first.dtype);
  const bindings = Object.fromEntries(
    [...Object.entries(inputs), [output, result] as const].map(([name, t]) => [name, t.storage]),
  );
  first.gpu.dispatch(kernel, { bindings, workgroups: elementwiseGrid(first.numel), ...options });
  return result;
}
