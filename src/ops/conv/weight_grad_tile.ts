import { type ConvGeometry, isPointwise } from "./geometry.ts";
import { behind, BROADCAST, LOAD, MULTIPLY_ADD, SUM, type Vector } from "./lanes_cost.ts";

/** What is loaded here is 64-bit integers. */
type Words = Exclude<Vector, 1>;

/** How the kernel `conv2d_weight_grad_lanes` sweeps over the maps, and what a subgroup makes of them. */
export interface WeightGradTile {
  /** Output channels of a subgroup and input channels of a lane. */
  readonly TO: number;
  readonly TI: number;
  /** Columns of a strip. */
  readonly TX: number;
  /** The columns of a window that may be inside an image. */
  readonly FIRST: number;
  readonly COLUMNS: number;
  /** Elements of x and of dy a load, and how many elements behind a whole vector a window and a strip begin; -1: it depends. */
  readonly VX: Words;
  readonly OX: number;
  readonly VD: Words;
  readonly OD: number;
}

/** The maps that are swept over: 1 x 1 convolutions know no rows. */
export type SweptMaps = Pick<ConvGeometry, "height" | "width" | "outHeight" | "outWidth">;

/** Instructions for a value of x that the next row of dy needs again; more in lanes_cost.ts. */
const KEPT = 3;
/** Longer loops run slower, and take longer to compile. */
const LONGEST_LOOP = 3700;
/** By so many instructions more, each takes twice as long: more values than the processor has registers for. */
const CROWDED = 10_000;
const MAX_SUMS = 256;

/** A tile and the maps that it divides. */
interface Sweep {
  readonly tile: WeightGradTile;
  readonly maps: SweptMaps;
}

/** The tile with the least estimated time; null where there are too many taps for the registers. */
export function chooseWeightGradTile(g: ConvGeometry, lanes: number): Sweep | null {
  let best = null;
  let least = Infinity;
  for (const { tile, maps } of tiles(g, lanes)) {
    const { TO, TI, TX } = tile;
    const perLoop = loopInstructions(tile, g, lanes);
    const loops = Math.ceil(maps.outWidth / TX) * maps.outHeight *
      Math.ceil(g.outChannels / g.groups / TO) * Math.ceil(g.inChannels / g.groups / (TI * lanes));
    // A loop that is too long is worth no more than its length.
    const time = perLoop > LONGEST_LOOP
      ? 1e12 * perLoop
      : perLoop * (1 + perLoop / CROWDED) * loops;
    if (time < least) {
      least = time;
      best = { tile, maps };
    }
  }
  return best;
}

function loopInstructions(
  { TO, TI, TX, FIRST, COLUMNS, VX, OX, VD, OD }: WeightGradTile,
  { kernelY, kernelX, strideX }: ConvGeometry,
  lanes: number,
): number {
  const newRows = Math.min(strideX, kernelY);
  let products = 0;
  for (let c = 0; c < TX; c++) {
    for (let k = 0; k < kernelX; k++) {
      const column = c * strideX + k;
      if (column >= FIRST && column < FIRST + COLUMNS) products += kernelY;
    }
  }
  return TI * newRows * rowInstructions(VX, OX, COLUMNS) +
    TI * (kernelY - newRows) * COLUMNS * KEPT +
    TO / lanes * rowInstructions(VD, OD, TX) + TO * TX * BROADCAST +
    TO * TI * (products * MULTIPLY_ADD + kernelY * kernelX * SUM);
}

/** Of loading `count` elements, the first of them `off` elements behind a whole vector. */
function rowInstructions(vector: Words, off: number, count: number): number {
  if (off < 0) return Math.floor(count / 2 + 1) * LOAD[2] + count;
  let instructions = 0;
  for (let from = 0; from < off + count; from += vector) {
    const low = Math.max(off, from);
    const high = Math.min(off + count, from + vector);
    const isOneWord = low >> 1 === (high - 1) >> 1;
    instructions += LOAD[isOneWord ? 2 : vector];
  }
  return instructions;
}

function* tiles(g: ConvGeometry, lanes: number): Iterable<Sweep> {
  const groupIn = g.inChannels / g.groups;
  const taps = g.kernelY * g.kernelX;
  for (const TX of new Set([2, 4, 7, 8, 14, g.outWidth])) {
    const maps = sweptMaps(g, TX);
    if (TX > Math.max(maps.outWidth, 4)) continue;
    const columns = columnsOf(g, maps, TX);
    for (const TO of [lanes, 2 * lanes]) {
      for (const TI of taps > 1 ? [1] : [1, 2, 4]) {
        if (TO * TI * taps > MAX_SUMS || TI > 1 && TI / 2 * lanes >= groupIn) continue;
        yield { tile: { TO, TI, TX, ...columns }, maps };
      }
    }
  }
}

/** The maps with strips of TX columns: those of a 1 x 1 convolution as rows of one strip, where their pixels are so many whole ones. */
function sweptMaps(g: ConvGeometry, TX: number): SweptMaps {
  const rows = g.height * g.width / TX;
  if (!isPointwise(g) || !Number.isInteger(rows)) return g;
  return { height: rows, width: TX, outHeight: rows, outWidth: TX };
}

function columnsOf(
  { kernelX, strideX: S, padX }: ConvGeometry,
  { width, outWidth }: SweptMaps,
  TX: number,
): Omit<WeightGradTile, "TO" | "TI" | "TX"> {
  const window = (TX - 1) * S + kernelX;
  const strips = Math.ceil(outWidth / TX);
  const FIRST = strips === 1 ? Math.min(padX, window - 1) : 0;
  const COLUMNS = strips === 1 ? Math.min(window - FIRST, width) : window;
  const [VX, OX] = vectorOf(width, strips === 1 ? width : TX * S, FIRST - padX);
  const [VD, OD] = vectorOf(outWidth, strips === 1 ? outWidth : TX, 0);
  return { FIRST, COLUMNS, VX, OX, VD, OD };
}

/** Elements a load where rows of `width` elements are read from multiples of `step`, plus `first`; and how far behind a vector that is. */
function vectorOf(width: number, step: number, first: number): [Words, number] {
  for (const vector of [8, 4, 2] as const) {
    if (width % vector === 0 && step % vector === 0) {
      return [vector, behind(first, vector)];
    }
  }
  return [2, -1];
}
