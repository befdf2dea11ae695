import type { Tensor } from "../tensor/core.ts";
import type { SharedBatch } from "../tensor/shared_batch.ts";

/**
 * Adds a float32 tensor over the processes that share a batch, in place and outside of the tape: the step is cut here, and
 * waits. PyTorch: `torch.distributed.all_reduce`.
 *
 * @throws GpuError outside of a recording
 */
export function sumOverProcesses(x: Tensor, { sum }: SharedBatch): void {
  const { buffer, offset } = x.storage;
  x.gpu.exchange({ buffer, offset, size: 4 * x.numel }, sum);
}
