import type { Kernel } from "../../gpu/kernel.ts";
import type { Tensor } from "../../tensor/core.ts";
import { distinct, tuned } from "../tuned.ts";
import { type ConvGeometry, convWords } from "./geometry.ts";

/** How the depthwise kernels cut a plane into tiles. */
export interface DepthwiseTile {
  /** Template values: kernel, stride S, padding PX, columns of y TX, EXACT, FULL, VX, VY. */
  readonly values: Readonly<
    Record<"KH" | "KW" | "S" | "PX" | "TX" | "EXACT" | "FULL" | "VX" | "VY", number>
  >;
  readonly tilesX: number;
  readonly tilesY: number;
  /** Rows of y in a tile. */
  readonly rows: number;
}

// Threads of software adapters want wide and tall tiles, which load little twice; wider ones take long to
// compile. Hardware wants many threads, and neighbours that read neighbouring vectors.
const SOFTWARE = { inputs: 16, rows: 32, uneven: 8 } as const;
const HARDWARE = { inputs: 4, rows: 4, uneven: 4 } as const;

/** What else is worth measuring on hardware. */
const OTHERS = [[4, 8], [8, 4], [8, 8], [4, 16], [8, 16], [16, 8], [16, 16]]
  .map(([inputs, rows]) => ({ inputs, rows, uneven: Math.min(inputs, 8) }));

/**
 * The fastest tiles of a kernel where they were measured, or else those that should be; on adapters that run on the CPU they
 * take long to compile, and are always the same.
 *
 * @param shape what else the choice depends on
 * @param run dispatches the kernel with other tiles, on scratch memory
 */
export function chooseDepthwiseTile(
  { gpu, dtype }: Tensor,
  g: ConvGeometry,
  software: boolean,
  kernel: Kernel,
  shape: readonly (string | number)[],
  run: (tile: DepthwiseTile) => void,
): DepthwiseTile {
  const standard = depthwiseTile(g, software);
  if (software) return standard;
  const others = gpu.compilesSlowly ? OTHERS.slice(0, 1) : OTHERS;
  return tuned(gpu, standard, () => ({
    kernel,
    shape: [dtype, ...convWords(g), ...shape],
    variants: distinct(
      [standard, ...others.map((widths) => depthwiseTile(g, false, widths))],
      depthwiseName,
    ),
    nameOf: depthwiseName,
    run,
  }));
}

function depthwiseName({ values: { TX }, rows }: DepthwiseTile): string {
  return `${TX} columns, ${rows} rows`;
}

/**
 * Tiles for adapters that run on the CPU (`software`) or for hardware.
 *
 * Tiles of equal width that cover the planes without a rest where they can: these know at compile time which
 * columns lie inside, and move vectors.
 */
function depthwiseTile(
  g: ConvGeometry,
  software: boolean,
  { rows, ...widths }: typeof OTHERS[number] = software ? SOFTWARE : HARDWARE,
): DepthwiseTile {
  const { strideX: S, kernelX, padX, outWidth } = g;
  const inputs = g.kernelY * kernelX > 9 ? widths.uneven : widths.inputs;
  const even = evenWidth(outWidth, S, inputs);
  const exact = outWidth * S === g.width && even > 0 &&
    Math.max(padX, kernelX - 1 - padX) <= even;
  const TX = exact ? even : Math.min(widths.uneven, outWidth);
  const tilesX = Math.ceil(outWidth / TX);
  return {
    values: {
      KH: g.kernelY,
      KW: kernelX,
      S,
      PX: padX,
      TX,
      EXACT: Number(exact),
      FULL: Number(exact && tilesX === 1),
      VX: exact ? vectorWidth(TX * S) : 1,
      VY: exact ? vectorWidth(TX) : 1,
    },
    tilesX,
    tilesY: Math.ceil(g.outHeight / rows),
    rows,
  };
}

/** The widest tile of at most `inputs` columns of x that divides the row; 0 when only narrow ones do. */
function evenWidth(outWidth: number, stride: number, inputs: number): number {
  for (let width = Math.min(outWidth, Math.ceil(inputs / stride)); width > 1; width--) {
    const whole = width * stride % vectorWidth(outWidth * stride) === 0;
    if (outWidth % width === 0 && whole) return width;
  }
  return outWidth === 1 ? 1 : 0;
}

function vectorWidth(count: number): 1 | 2 | 4 {
  return count % 4 === 0 ? 4 : count % 2 === 0 ? 2 : 1;
}
