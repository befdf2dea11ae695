import type { ConvGeometry } from "./geometry.ts";

/** How the depthwise kernels cut a plane into tiles. */
interface DepthwiseTile {
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

/**
 * Tiles for adapters that run on the CPU (`software`) or for hardware.
 *
 * Tiles of equal width that cover the planes without a rest where they can: these know at compile time which
 * columns lie inside, and move vectors.
 */
export function depthwiseTile(g: ConvGeometry, software: boolean): DepthwiseTile {
  const { strideX: S, kernelX, padX, outWidth } = g;
  const { rows, ...widths } = software ? SOFTWARE : HARDWARE;
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
