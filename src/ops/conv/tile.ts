import type { ConvGeometry } from "./geometry.ts";

/** Outputs that one thread of a direct kernel makes. */
interface ConvTile {
  readonly TY: number;
  readonly TX: number;
  /** Output channels, a multiple of 4. */
  readonly T: number;
}

const TILES_3X3: readonly ConvTile[] = [
  { TY: 4, TX: 4, T: 16 },
  { TY: 2, TX: 7, T: 16 },
  { TY: 4, TX: 4, T: 8 },
  { TY: 2, TX: 7, T: 8 },
];
// With a stride a thread loads more inputs: larger tiles are up to a fifth faster and take three times
// as long to compile.
const TILES_3X3_STRIDED: readonly ConvTile[] = [
  { TY: 2, TX: 4, T: 16 },
  { TY: 1, TX: 7, T: 16 },
  { TY: 1, TX: 7, T: 8 },
];
const TILES_1X1: readonly ConvTile[] = [{ TY: 1, TX: 7, T: 16 }, { TY: 2, TX: 4, T: 16 }];
const TILES_LARGE: readonly ConvTile[] = [{ TY: 1, TX: 4, T: 8 }];

// Costs in the time of one multiply-add of 8 lanes, measured on the software adapter: a load from a
// storage buffer is a bounds-checked scalar load for every lane.
const LOAD = 26;
const UNIFORM_LOAD = 4;

/** The tile with the least estimated time for one convolution on the software adapter. */
export function chooseTile(g: ConvGeometry): ConvTile {
  const { kernelY, kernelX, strideY: stride } = g;
  const taps = kernelY * kernelX;
  const tiles = tilesFor(taps, stride);
  let best = tiles[0];
  let least = Infinity;
  for (const tile of tiles) {
    const { TY, TX, T } = tile;
    const threads = Math.ceil(g.outHeight / TY) * Math.ceil(g.outWidth / TX) * g.groups *
      Math.ceil(g.outChannels / g.groups / T);
    const loads = ((TY - 1) * stride + kernelY) * ((TX - 1) * stride + kernelX);
    const perThread = taps * (TY * TX * T + T * UNIFORM_LOAD / 4) + loads * LOAD;
    if (threads * perThread < least) {
      least = threads * perThread;
      best = tile;
    }
  }
  return best;
}

function tilesFor(taps: number, stride: number): readonly ConvTile[] {
  if (taps > 9) return TILES_LARGE;
  if (taps === 1) return TILES_1X1;
  return stride > 1 ? TILES_3X3_STRIDED : TILES_3X3;
}
