import type { PipelineEntry } from "./pipeline_cache.ts";

/** One dispatch, ready to encode. */
export interface DispatchCommand {
  /** Tells the command from the others. */
  readonly kind: "dispatch";
  /** The kernel. */
  readonly entry: PipelineEntry;
  /** Its buffers. */
  readonly bindGroup: GPUBindGroup;
  /** Workgroups by dimension. */
  readonly workgroups: readonly [number, number, number];
}

/** One copy between buffers, in bytes. */
interface CopyCommand {
  /** Tells the command from the others. */
  readonly kind: "copy";
  /** Where the bytes are. */
  readonly source: GPUBuffer;
  /** Where in the source they start. */
  readonly sourceOffset: number;
  /** Where they go. */
  readonly target: GPUBuffer;
  /** Where in the target they start. */
  readonly targetOffset: number;
  /** How many bytes. */
  readonly size: number;
}

/** Sets bytes of a buffer to zero. */
interface ClearCommand {
  /** Tells the command from the others. */
  readonly kind: "clear";
  /** The buffer. */
  readonly target: GPUBuffer;
  /** Where in it the zeros start. */
  readonly offset: number;
  /** How many bytes. */
  readonly size: number;
}

/** Gets numbers of the device on the host, and may change them: to add them up over processes. */
export type Visit = (values: Float32Array<ArrayBuffer>) => void | Promise<void>;

/** Numbers of the device that go to the host within a recording, and may come back. */
export interface ExchangeCommand {
  /** Tells the command from the others. */
  readonly kind: "exchange";
  /** Where the numbers are. */
  readonly source: GPUBuffer;
  /** Where in it they start, in bytes. */
  readonly offset: number;
  /** How many bytes. */
  readonly size: number;
  /** What they are read through. */
  readonly staging: GPUBuffer;
  /** Where they are on the host, each time. */
  readonly values: Float32Array<ArrayBuffer>;
  /** Gets them. */
  readonly visit: Visit;
  /** Whether the commands behind it wait for it, and for those before it. */
  readonly wait: boolean;
  /** Whether they are written back. */
  readonly back: boolean;
}

/** What the device is told to do. */
export type Command = DeviceCommand | ExchangeCommand;

/** Those of them that the device does by itself. */
export type DeviceCommand = DispatchCommand | CopyCommand | ClearCommand;

/** Encodes commands in order, as many dispatches as possible in one pass. */
export function encode(encoder: GPUCommandEncoder, commands: readonly DeviceCommand[]): void {
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
