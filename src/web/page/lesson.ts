import type { FolderCard } from "../folder_card.ts";
import { argmax, logitsOf, openModel } from "./model.ts";
import * as wkd from "./wkd.ts";

/** Label of a picture whose class nobody said. */
export const UNLABELLED = -1;

/** The methods of {@linkcode teach}: WKD-L, or Kullback-Leibler divergence. */
export type LessonKind = "WKD" | "KD";

/** As in the configurations. */
const SGD = { momentum: 0.9, weightDecay: 5e-4, nesterov: true };
/** Weights and temperature of KD in the authors' configurations. */
const KD_OPTIONS = { temperature: 4, ceWeight: 0.1, kdWeight: 0.9 };
/** One epoch, at whose position no weight has begun to fall. */
const SCHEDULE = { epoch: 1, epochs: 1 };
/** Place of the summed loss in `TrainStep.totals`. */
const LOSS = 2;

/** What {@linkcode teach} is to do. */
export interface LessonOptions {
  /** What the files are. */
  readonly folder: FolderCard;
  /** The bytes of the student's file. */
  readonly student: Uint8Array;
  /** The bytes of the teacher's file. */
  readonly teacher: Uint8Array;
  /** Prepared pictures, [N, channels, height, width]; two or more. */
  readonly images: Float32Array;
  /** Class of each picture, [N]; {@linkcode UNLABELLED} takes the one that the teacher says. */
  readonly labels: Int32Array;
  /** The loss. */
  readonly kind: LessonKind;
  /** Updates. */
  readonly steps: number;
  /** Learning rate. */
  readonly lr: number;
  /** Pictures of a step; fewer where there are fewer. */
  readonly batchSize: number;
  /** Of the order of the pictures. Default 0. */
  readonly seed?: number;
  /** Told the loss of every step, counted from 1, a little after it. */
  readonly onStep?: (step: number, loss: number) => void;
  /** Stops after the step under way when aborted. */
  readonly signal?: AbortSignal;
}

/** How a model did on the pictures. */
export interface LessonScore {
  /** Pictures with a label. */
  readonly labelled: number;
  /** Those of them that the model put into their class. */
  readonly correct: number;
  /** Pictures of all that it put where the teacher did. */
  readonly agreeing: number;
}

/** What came of {@linkcode teach}. */
export interface LessonResult {
  /** The student before the first step. */
  readonly before: LessonScore;
  /** The student after the last. */
  readonly after: LessonScore;
  /** The teacher. */
  readonly teacher: LessonScore;
  /** Loss of every step. */
  readonly losses: readonly number[];
  /** The student's weights after the last step, by their names in a state dict. */
  readonly state: ReadonlyMap<string, wkd.HostTensor>;
}

/**
 * Trains the student on a few pictures by what the teacher says of them, from the weights of its file.
 *
 * The same options on the same device give the same losses.
 *
 * @throws {RangeError} for fewer than two pictures
 * @throws {Error} where a loss is not finite
 */
export async function teach(options: LessonOptions): Promise<LessonResult> {
  const { folder, images, labels } = options;
  if (labels.length < 2) throw new RangeError("training wants two pictures or more");
  const made = new Made();
  try {
    const student = made.add(openModel(folder, folder.student, options.student));
    const teacher = made.add(openModel(folder, folder.teacher!, options.teacher));
    teacher.requiresGrad_(false);
    const found = async (model: wkd.Model) =>
      predictions(await logitsOf(model, images, folder.preprocessing), labels);
    const expected = await found(teacher);
    const score = async (model: wkd.Model) => scoreOf(await found(model), expected, labels);
    const before = await score(student);
    const targets = labels.map((label, i) => label === UNLABELLED ? expected[i] : label);
    const losses = await train(student, teacher, { ...options, labels: targets });
    const bad = losses.findIndex((loss) => !Number.isFinite(loss));
    if (bad >= 0) {
      throw new Error(`the loss of step ${bad + 1} is no number; take a lower learning rate`);
    }
    student.eval();
    const [after, state] = [await score(student), await wkd.readBack(student.stateDict())];
    return { before, after, teacher: scoreOf(expected, expected, labels), losses, state };
  } finally {
    made.dispose();
  }
}

/** What has to be freed, the last first; not every browser has `DisposableStack`. */
class Made {
  readonly #things: { dispose(): void }[] = [];

  add<T extends { dispose(): void }>(thing: T): T {
    this.#things.unshift(thing);
    return thing;
  }

  dispose(): void {
    for (const thing of this.#things) thing.dispose();
  }
}

function predictions(logits: Float32Array, labels: Int32Array): Int32Array {
  const classes = logits.length / labels.length;
  return labels.map((_, i) => argmax(logits.subarray(i * classes, (i + 1) * classes)));
}

function scoreOf(found: Int32Array, expected: Int32Array, labels: Int32Array): LessonScore {
  const count = (holds: (i: number) => boolean) => labels.reduce((n, _, i) => n + +holds(i), 0);
  return {
    labelled: count((i) => labels[i] !== UNLABELLED),
    correct: count((i) => labels[i] !== UNLABELLED && found[i] === labels[i]),
    agreeing: count((i) => found[i] === expected[i]),
  };
}

/** Runs the steps; returns the loss of each. */
async function train(
  student: wkd.Model,
  teacher: wkd.Model,
  options: LessonOptions,
): Promise<number[]> {
  const { folder: { preprocessing: { channels, height, width } }, lr, signal, onStep } = options;
  const gpu = wkd.defaultDevice();
  const batches = new PictureBatches(options);
  const losses: number[] = [];
  const made = new Made();
  try {
    const distiller = await distillerOf(student, teacher, options);
    made.add({ dispose: () => distiller.dispose?.() });
    const optimizer = made.add(new wkd.SGD(student.train().parameters(), { lr, ...SGD }));
    const imageShape = [batches.size, channels, height, width];
    const step = made.add(new wkd.TrainStep({ gpu, distiller, optimizer, imageShape }));
    const receive = (totals: Float32Array, at: number) => {
      losses[at - 1] = totals[LOSS];
      onStep?.(at, totals[LOSS]);
    };
    const ring = made.add(new wkd.ReadbackRing<number>(gpu, 4 * wkd.TOTALS, receive));
    for (let at = 1; at <= options.steps && !signal?.aborted; at++) {
      step.resetTotals();
      await step.run(batches.next(), SCHEDULE);
      await ring.push(step.totals.storage, at);
      // The page wants its turn.
      await new Promise((resolve) => setTimeout(resolve));
    }
    await ring.drain();
    return losses;
  } finally {
    made.dispose();
  }
}

async function distillerOf(
  student: wkd.Model,
  teacher: wkd.Model,
  { kind, folder: { method, classes } }: LessonOptions,
): Promise<wkd.Distiller> {
  if (kind === "KD") return new wkd.KD(student, teacher, KD_OPTIONS);
  const { ceWeight, weight, temperature, iterations, lambda, sharpen } = method;
  const rows = await teacher.classifier.weight.data() as Float32Array;
  const cost = new wkd.CostKernel(wkd.classifierCost(rows, classes.length), classes.length, {
    lambda,
    sharpen,
  });
  const logit = { weight, temperature, iterations, cost };
  return new wkd.WKD(student, teacher, { ceWeight, cosineDecayEpoch: 1, logit, feature: null });
}

/** Batches of the pictures, each round of which has another order. */
class PictureBatches {
  /** Pictures of a batch. */
  readonly size: number;
  readonly #images: Float32Array;
  readonly #labels: Int32Array;
  #round = 0;
  #left: number[] = [];

  constructor(readonly options: LessonOptions) {
    const { images, labels, batchSize } = options;
    this.size = Math.min(batchSize, labels.length);
    this.#images = new Float32Array(this.size * images.length / labels.length);
    this.#labels = new Int32Array(this.size);
  }

  /** The next batch, in memory that the one after it takes. */
  next(): { images: Float32Array; labels: Int32Array } {
    const { images, labels } = this.options;
    const picture = images.length / labels.length;
    for (let to = 0; to < this.size; to++) {
      const from = this.#draw();
      this.#images.set(images.subarray(from * picture, (from + 1) * picture), to * picture);
      this.#labels[to] = labels[from];
    }
    return { images: this.#images, labels: this.#labels };
  }

  #draw(): number {
    if (this.#left.length === 0) {
      const { labels, seed = 0 } = this.options;
      const random = new wkd.KeyedRandom(seed, this.#round++);
      this.#left = Array.from(labels, (_, i) => i);
      for (let i = labels.length - 1; i > 0; i--) {
        const j = random.below(i + 1);
        [this.#left[i], this.#left[j]] = [this.#left[j], this.#left[i]];
      }
    }
    return this.#left.pop()!;
  }
}
