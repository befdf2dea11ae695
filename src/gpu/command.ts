import type { PipelineEntry } from "./pipeline_cache.ts";

/** One dispatch, ready to encode. */
export interface DispatchCommand {
  readonly kind: "dispatch";
  readonly entry: PipelineEntry;
  readonly bindGroup: GPUBindGroup;
  readonly workgroups: readonly [number, number, number];
}

/** One copy between buffers, in bytes. */
export interface CopyCommand {
  readonly kind: "copy";
  readonly source: GPUBuffer;
  readonly sourceOffset: number;
  readonly target: GPUBuffer;
  readonly targetOffset: number;
  readonly size: number;
}

/** Sets bytes of a buffer to zero. */
export interface ClearCommand {
  readonly kind: "clear";
  readonly target: GPUBuffer;
  readonly offset: number;
  readonly size: number;
}

/** What the device is told to do. */
export type Command = DispatchCommand | CopyCommand | ClearCommand;

/** Encodes commands in order, as many dispatches as possible in one pass. */
export function encode(encoder: GPUCommandEncoder, commands: readonly Command[]): void {
  let pass: GPUComputePassEncoder | null = null;
  let pipeline: GPUComputePipeline | null = null;
  for (const command of commands) {
    if (command.kind === "dispatch") {
      if (!pass) {
        pass = encoder.beginComputePass();
        pipeline = null;
      }
      if (command.entry.pipeline !== pipeline) {
        pipeline = command.entry.pipeline;
        pass.setPipeline(pipeline!);
      }
      pass.setBindGroup(0, command.bindGroup);
      const [x, y, z] = command.workgroups;
      pass.dispatchWorkgroups(x, y, z);
      continue;
    }
    pass?.end();
    pass = null;
    encodeTransfer(encoder, command);
  }
  pass?.end();
}

/** Encodes a copy or a clear. */
export function encodeTransfer(
  encoder: GPUCommandEncoder,
  command: CopyCommand | ClearCommand,
): void {
  if (command.kind === "clear") {
    encoder.clearBuffer(command.target, command.offset, command.size);
  } else {
    const { source, sourceOffset, target, targetOffset, size } = command;
    encoder.copyBufferToBuffer(source, sourceOffset, target, targetOffset, size);
  }
}
