import type { Gpu } from "../gpu/gpu.ts";
import {
  conv2dShape,
  conv2dWithEnding,
  type ConvEnding,
  type ConvOptions,
} from "../ops/conv/conv2d.ts";
import { forgetPacked, keepPacked, packAgain } from "../ops/conv/kept_weights.ts";
import {
  batchNormByStatistics,
  type BatchNormTensors,
  fixedStatistics,
} from "../ops/norm/batch_norm.ts";
import { foldBatchNorm, type Weights } from "../ops/norm/fold.ts";
import { autocastInput } from "../tensor/autocast.ts";
import { gradEnabled } from "../tensor/autograd.ts";
import { type Deferral, Tensor } from "../tensor/core.ts";
import { sameShape } from "../tensor/shape.ts";
import type { Storage } from "../tensor/storage.ts";

/** A convolution as {@linkcode Folding} wants it. */
export interface FoldableConv extends Weights {
  /** Stride, padding, dilation and groups. */
  readonly options: ConvOptions;
}

/** A batch normalisation as {@linkcode Folding} wants it. */
export interface FoldableNorm extends BatchNormTensors {
  /** Added to the variance. */
  readonly eps: number;
}

/** What is made of the tensors of layers and used for as long as these stay as they are. */
interface Prepared {
  /** What it was made of, with the memory and how often that had been written to. */
  readonly sources: readonly { tensor: Tensor; storage: Storage; version: number }[];
  /** Makes it again, in the same memory. */
  readonly make: () => void;
  readonly free: () => void;
}

interface PreparedConv extends Prepared {
  readonly weights: Weights;
}

interface PreparedNorm extends Prepared {
  readonly stats: Tensor;
}

let current: Folding | null = null;

/**
 * Runs a network without gradients by weights that were prepared once: batch normalisation by running statistics becomes part
 * of the convolution whose output it takes, with an addition and ReLU behind it; weights are packed for their kernels; what is
 * left of normalisation keeps its factors.
 *
 * A convolution waits until somebody wants its output. If that is a batch normalisation in evaluation mode alone, whatever
 * module holds the two, it folds. An output that something else wants as well is computed for that, too.
 *
 * The prepared weights take memory of the device until {@linkcode Folding.dispose}.
 */
export class Folding {
  readonly #convs = new Map<object, Map<object | null, PreparedConv>>();
  readonly #norms = new Map<object, PreparedNorm>();

  /**
   * Runs `fn` with this at work, where no gradient is wanted, and computes what it returns.
   *
   * @throws TypeError when `fn` is async.
   */
  run<T>(fn: () => T): T {
    if (gradEnabled()) return fn();
    const outer = current;
    current = this;
    try {
      const result = fn();
      settle(result);
      return result;
    } finally {
      current = outer;
    }
  }

  /** Whether what was prepared is of weights or statistics that the host has written since. Replays are not noticed. */
  get stale(): boolean {
    return this.#all().some(({ sources }) =>
      sources.some(({ tensor, storage, version }) =>
        tensor.storage !== storage || storage.version !== version
      )
    );
  }

  /** Prepares everything again, in the same memory, from the weights and statistics as they are now. */
  refresh(): void {
    for (const prepared of this.#all()) {
      prepared.make();
      for (const source of prepared.sources) {
        source.storage = source.tensor.storage;
        source.version = source.storage.version;
      }
    }
  }

  /** Frees what was prepared; recordings that use it can no longer be replayed. */
  dispose(): void {
    for (const prepared of this.#all()) prepared.free();
    this.#convs.clear();
    this.#norms.clear();
  }

  /** The weights of a convolution with a normalisation in them, or as they are. For {@linkcode foldedConv}. */
  weights(conv: FoldableConv, norm: FoldableNorm | null): Weights {
    const [convKey, normKey] = [conv.weight, norm?.weight ?? null];
    const byNorm = this.#convs.get(convKey) ?? new Map<object | null, PreparedConv>();
    this.#convs.set(convKey, byNorm);
    let found = byNorm.get(normKey);
    if (!found) {
      found = prepareConv(conv, norm);
      byNorm.set(normKey, found);
    }
    return found.weights;
  }

  /** The statistics of a normalisation as its kernel wants them. For {@linkcode foldedNorm}. */
  statistics(norm: FoldableNorm): Tensor {
    let found = this.#norms.get(norm.weight);
    if (!found) {
      found = prepareNorm(norm);
      this.#norms.set(norm.weight, found);
    }
    return found.stats;
  }

  #all(): Prepared[] {
    return [
      ...[...this.#convs.values()].flatMap((each) => [...each.values()]),
      ...this.#norms.values(),
    ];
  }
}

/** A convolution that waits for what comes behind it; null where no {@linkcode Folding} is at work. For `Conv2d`. */
export function foldedConv(x: Tensor, conv: FoldableConv): Tensor | null {
  if (!current || gradEnabled() || x.gpu.dry) return null;
  return new WaitingConv(current, autocastInput("conv2d", x), conv).result();
}

/**
 * Batch normalisation by running statistics, folded where a waiting convolution is what it takes; null where no
 * {@linkcode Folding} is at work. For `BatchNorm2d` in evaluation mode.
 */
export function foldedNorm(x: Tensor, norm: FoldableNorm, ending: ConvEnding): Tensor | null {
  if (!current || gradEnabled() || x.gpu.dry) return null;
  const waiting = x.deferral instanceof WaitingConv ? x.deferral.normalised(norm, ending) : null;
  return waiting ??
    batchNormByStatistics(x, tensorsOf(norm), current.statistics(norm), ending);
}

/** A convolution whose output nobody has asked for yet. */
class WaitingConv implements Deferral {
  readonly #x: Tensor;
  readonly #residual: Tensor | null;

  constructor(
    readonly folding: Folding,
    x: Tensor,
    readonly conv: FoldableConv,
    readonly norm: FoldableNorm | null = null,
    readonly ending: ConvEnding = {},
  ) {
    // Handles of its own: who made these tensors may free them.
    this.#x = x.alias().keep();
    this.#residual = ending.residual?.alias().keep() ?? null;
  }

  get gpu(): Gpu {
    return this.#x.gpu;
  }

  result(): Tensor {
    const { weight, options } = this.conv;
    const shape = conv2dShape(this.#x.shape, weight.shape, options);
    return Tensor.deferred(this, shape, this.#x.dtype);
  }

  /** With a normalisation behind it, where nothing is behind it yet. */
  normalised(norm: FoldableNorm, ending: ConvEnding): Tensor | null {
    const { norm: before, ending: { relu, residual }, conv } = this;
    if (before || relu || residual || norm.weight.numel !== conv.weight.shape[0]) return null;
    return new WaitingConv(this.folding, this.#x, conv, norm, ending).result();
  }

  join(method: string, args: readonly unknown[]): Tensor | null {
    if (current !== this.folding) return null;
    const { relu, residual } = this.ending;
    if (method === "relu" && !relu) return this.#with({ residual: this.#residual, relu: true });
    const [other] = args;
    const adds = method === "add" && !relu && !residual && other instanceof Tensor;
    if (!adds || other.dtype !== this.#x.dtype) return null;
    const shape = conv2dShape(this.#x.shape, this.conv.weight.shape, this.conv.options);
    return sameShape(other.shape, shape) ? this.#with({ residual: other }) : null;
  }

  compute(): Tensor {
    const { folding, conv, norm, ending: { relu } } = this;
    const ending = { relu, residual: this.#residual };
    return conv2dWithEnding(this.#x, folding.weights(conv, norm), conv.options, ending);
  }

  release(): void {
    this.#x.dispose();
    this.#residual?.dispose();
  }

  #with(ending: ConvEnding): Tensor {
    return new WaitingConv(this.folding, this.#x, this.conv, this.norm, ending).result();
  }
}

function prepareConv({ weight, bias }: FoldableConv, norm: FoldableNorm | null): PreparedConv {
  const sources = tracked([weight, bias, ...(norm ? Object.values(tensorsOf(norm)) : [])]);
  if (!norm) {
    // A handle of its own: what is kept in another order is kept for it, not for who trains the weight.
    const own = weight.alias().keep();
    keepPacked(own);
    const free = () => {
      forgetPacked(own);
      own.dispose();
    };
    return { sources, weights: { weight: own, bias }, make: () => packAgain(own), free };
  }
  const { gpu } = weight;
  const into = gpu.aside(() => ({
    weight: Tensor.result(gpu, weight.shape).keep(),
    bias: Tensor.result(gpu, [weight.shape[0]]).keep(),
  }));
  keepPacked(into.weight);
  const make = () => {
    gpu.aside(() => foldBatchNorm({ weight, bias }, norm, norm.eps, into));
    packAgain(into.weight);
  };
  const free = () => {
    forgetPacked(into.weight);
    into.weight.dispose();
    into.bias.dispose();
  };
  make();
  return { sources, weights: into, make, free };
}

function prepareNorm(norm: FoldableNorm): PreparedNorm {
  const { gpu } = norm.weight;
  const stats = gpu.aside(() => fixedStatistics(norm, norm.eps).keep());
  return {
    sources: tracked(Object.values(tensorsOf(norm))),
    stats,
    make: () => gpu.aside(() => fixedStatistics(norm, norm.eps, stats)),
    free: () => stats.dispose(),
  };
}

function tensorsOf({ weight, bias, runningMean, runningVar }: FoldableNorm) {
  return { weight, bias, runningMean, runningVar };
}

function tracked(tensors: readonly (Tensor | null)[]) {
  return tensors.filter((each) => each !== null).map((tensor) => {
    const { storage } = tensor;
    return { tensor, storage, version: storage.version };
  });
}

/** Computes the tensors in a result, alone or in arrays and plain objects. */
function settle(value: unknown): void {
  if (value instanceof Tensor) {
    if (!value.disposed) void value.storage;
  } else if (Array.isArray(value)) {
    for (const item of value) settle(item);
  } else if (value && Object.getPrototypeOf(value) === Object.prototype) {
    for (const item of Object.values(value)) settle(item);
  }
}
