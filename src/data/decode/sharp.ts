/** Pixels, and what they are. */
interface RawPixels {
  data: Uint8Array<ArrayBuffer>;
  info: { width: number; height: number; channels: number };
}

/** As much of sharp's image as is used. */
export interface SharpImage {
  /** Stops with an error after a time. */
  timeout(options: { seconds: number }): SharpImage;
  /** The colour space that operations work in. */
  pipelineColourspace(space: string): SharpImage;
  /** The colour space of the result. */
  toColourspace(space: string): SharpImage;
  /** Leaves transparency out. */
  removeAlpha(): SharpImage;
  /** Pixels instead of a file. */
  raw(options?: { depth: "ushort" }): SharpImage;
  /** Runs it. */
  toBuffer(options: { resolveWithObject: true }): Promise<RawPixels>;
  /** Columns and rows, without decoding. */
  metadata(): Promise<{ width: number; height: number }>;
}

/** As much of the library as is used. */
interface Sharp {
  (
    bytes: Uint8Array,
    options: { failOn?: "truncated"; ignoreIcc?: boolean; limitInputPixels: number | false },
  ): SharpImage;
  concurrency(threads: number): void;
  cache(used: boolean): void;
  block(options: { operation: string[] }): void;
}

// Not written into the import: whoever only checks the types of a program should not need the package.
const SHARP = "npm:sharp@0.35.5";

/** The library that decodes the usual kinds of images. The version is that of deno.json. */
export const { default: sharp } = await import(SHARP) as { default: Sharp };
