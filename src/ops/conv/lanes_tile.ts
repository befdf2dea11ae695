import { type ConvGeometry, isPointwise } from "./geometry.ts";
import { gradientReach } from "./gradient_reach.ts";
import { behind, BROADCAST, LOAD, MULTIPLY_ADD, SUM, type Vector } from "./lanes_cost.ts";

/** How the kernel `conv2d_lanes` sees the maps of a convolution, and what a subgroup makes of them. */
export interface LanesTile {
  /** Width of the map read and of the map written. 1 x 1 convolutions take a map for rows of any length. */
  readonly W: number;
  readonly OW: number;
  /** Rows written, whole. */
  readonly TY: number;
  /** Channels of a lane. */
  readonly T: number;
  /** Rows of the kernel that a turn of the loop takes: all, or one. */
  readonly KR: number;
  /** Elements of a load and of a store. */
  readonly VEC: Vector;
  readonly VOUT: 1 | 4;
  /** Whether planes of an odd number of elements are read whole, two elements a load. */
  readonly ODD: 0 | 1;
  /** First row read, relative to the tile's, and rows read; a tile that is the whole map reads no rows of padding. */
  readonly R0: number;
  readonly R: number;
  /** Elements read before the first row, so that it begins at a whole vector. */
  readonly M: number;
  /** Rows read from one tile's first to the next tile's. */
  readonly step: number;
}

const VECTORS: readonly Vector[] = [8, 4, 2, 1];

// Instructions, more in lanes_cost.ts.
/** Handing an element of an odd plane to all lanes. */
const ODD_BROADCAST = 3;
/** The weight of a tap. */
const WEIGHT = 17;
/** A turn of the loop itself. */
const TURN = 150;
/** Instructions of a loop that the processor keeps decoded: longer ones run slower, and take longer to compile. */
const FAST_LOOP = 3900;
/** Longer than what the register-tile kernels have. */
const LONGEST_LOOP = 6000;
const MAX_SUMS = 256;
const LEAST_SUMS = 128;
const MAX_TAPS = 25;
/** Pixels of a 1 x 1 convolution that are a row. */
const ROW = 32;

/**
 * The tile with the least estimated time for a convolution, or with `grad` for the input gradient of one with a stride; null
 * where lanes or registers would be wasted.
 *
 * @param groupOut channels of a group that are written
 */
export function chooseLanesTile(
  g: ConvGeometry,
  groupOut: number,
  lanes: number,
  grad: boolean,
): LanesTile | null {
  const taps = g.kernelY * g.kernelX;
  if (lanes < 4 || groupOut < lanes / 2 || taps > MAX_TAPS) return null;
  let best: LanesTile | null = null;
  let least = Infinity;
  for (const tile of tiles(g, lanes, grad)) {
    const { TY, T, OW } = tile;
    if (T > 1 && (T / 2) * lanes >= groupOut) continue;
    const outHeight = (grad ? g.height * g.width : g.outHeight * g.outWidth) / OW;
    const perLoop = loopInstructions(tile, g, lanes, grad);
    const loops = Math.ceil(outHeight / TY) * Math.ceil(groupOut / (lanes * T));
    const turns = loops * g.kernelY / tile.KR;
    // A loop that is too long is worth no more than its length.
    const time = perLoop > FAST_LOOP ? 1e12 * perLoop : perLoop * turns;
    if (perLoop <= LONGEST_LOOP && time < least) {
      least = time;
      best = tile;
    }
  }
  // Of small maps and few channels a loop makes too little of what it loads.
  return best && isPointwise(g) && best.OW < ROW && best.OW * best.T < LEAST_SUMS ? null : best;
}

function loopInstructions(
  { W, OW, TY, T, KR, VEC, ODD, R0, R, M }: LanesTile,
  { kernelX, strideY, padY, padX }: ConvGeometry,
  lanes: number,
  grad: boolean,
): number {
  const products = reaching(TY, KR, strideY, padY, grad, [R0, R0 + R]) *
    reaching(OW, kernelX, strideY, padX, grad, [0, W]);
  return TURN + loading(VEC, M, R * W + ODD, lanes) + R * W * (ODD ? ODD_BROADCAST : BROADCAST) +
    T * (KR * kernelX * WEIGHT + products * MULTIPLY_ADD + TY * OW * SUM);
}

/** Instructions that load `count` elements, from one on that is `first` behind a whole vector. */
function loading(VEC: Vector, first: number, count: number, lanes: number): number {
  return Math.ceil((behind(first, VEC) + count) / (VEC * lanes)) * LOAD[VEC];
}

/** How many pairs of an output and a tap along one direction reach an input from `from` up to `to`. */
function reaching(
  outputs: number,
  kernel: number,
  stride: number,
  pad: number,
  grad: boolean,
  [from, to]: readonly [number, number],
): number {
  let count = 0;
  for (let o = 0; o < outputs; o++) {
    for (let k = 0; k < kernel; k++) {
      const place = grad ? (o + pad - k) / stride : o * stride + k - pad;
      if (Number.isInteger(place) && place >= from && place < to) count++;
    }
  }
  return count;
}

function* tiles(g: ConvGeometry, lanes: number, grad: boolean): Iterable<LanesTile> {
  const S = g.strideY;
  const plane = g.height * g.width;
  const outPlane = g.outHeight * g.outWidth;
  const flat = isPointwise(g) ? (plane <= 2 * ROW ? plane : ROW) : null;
  const [W, OW] = flat ? [flat, flat] : grad ? [g.outWidth, g.width] : [g.width, g.outWidth];
  const [read, written] = grad ? [outPlane, plane] : [plane, outPlane];
  const rows = flat ? 1 : written / OW;
  const unit = grad ? S : 1;
  for (const KR of grad || g.kernelY === 1 ? [g.kernelY] : [g.kernelY, 1]) {
    const isWhole = KR === g.kernelY;
    for (let TY = unit; TY < rows + unit && TY * OW <= MAX_SUMS; TY += unit) {
      const step = grad ? TY / S : TY * S;
      const [R0, R1] = TY >= rows && !flat && isWhole
        ? [0, read / W]
        : grad
        ? gradientReach(TY, g.kernelY, S, g.padY)
        : [-g.padY, (TY - 1) * S + KR - g.padY];
      const begins = isWhole ? step * W : W;
      const ODD = read % 2 === 1 && R0 === 0 && R1 * W === read ? 1 : 0;
      const count = (R1 - R0) * W;
      const VEC = ODD ? 2 : VECTORS.filter((VEC) => read % VEC === 0 && begins % VEC === 0)
        .reduce((a, b) =>
          loading(b, R0 * W, count, lanes) < loading(a, R0 * W, count, lanes) ? b : a
        );
      const VOUT = written % 4 === 0 && TY * OW % 4 === 0 ? 4 : 1;
      const M = behind(R0 * W, VEC);
      for (const T of flat ? [1, 2, 4, 8] : [1, 2, 4]) {
        if (TY * OW * T > MAX_SUMS) break;
        yield { W, OW, TY, T, KR, VEC, VOUT, ODD, R0, R: R1 - R0, M, step };
      }
    }
  }
}
