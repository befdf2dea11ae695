import type { Config } from "../../config/config.ts";
import type { Dataset } from "../../data/image_dataset.ts";
import { createLoader } from "../../data/loading/loader.ts";
import { pickImages } from "../../data/select.ts";
import { UserError } from "../../errors.ts";
import type { Gpu } from "../../gpu/gpu.ts";
import type { Model } from "../../models/model.ts";
import { packCells, toBase64 } from "../client/bytes.ts";
import { confusionCells, confusionOrder } from "../statistics/confusion.ts";
import { correlationMatrix } from "../statistics/correlation.ts";
import type { TransportOptions } from "../statistics/transport_plan.ts";
import { Closer } from "./close_images.ts";
import { costFigure, runCosts } from "./cost_figure.ts";
import { featureFigures, mappedImages } from "./feature_figures.ts";
import { sampleFeatures } from "./features.ts";
import { classHeat } from "./heat_data.ts";
import {
  type CorrelationFigure,
  type FigureName,
  MODEL_DATA_VERSION,
  type ModelData,
  type ModelNote,
} from "./model_data.ts";
import { predict, type PredictionList } from "./predictions.ts";
import { openHint, openStudent, openTeacher, openUntrainedStudent } from "./run_models.ts";

/** Images that correlations of logits are computed of; of many classes fewer, since the time goes with their square. */
const [SAMPLED, SAMPLED_OF_MANY] = [2000, 1000];
const MANY = 300;

/** What {@linkcode computeModelData} needs. */
export interface ComputeOptions {
  /** The device. */
  readonly gpu: Gpu;
  /** The run's configuration. */
  readonly config: Config;
  /** The run's folder. */
  readonly folder: string;
  /** The images it is measured on. */
  readonly test: Dataset;
  /** File of the student's weights. */
  readonly student: string;
  /** File of the whole run's state; null where there is none. */
  readonly state: string | null;
  /** Stands for both and the settings. */
  readonly key: string;
  /** Told how many of how many images the models have seen. */
  readonly progress?: (done: number, total: number) => void;
  /** Ends it when aborted. */
  readonly signal?: AbortSignal;
}

/** Figures that need a run's models; what cannot be made is left out, with the reason. */
export async function computeModelData(options: ComputeOptions): Promise<ModelData> {
  using models = new DisposableStack();
  return await new Computation(options, models).run();
}

class Computation {
  readonly #missing: Partial<Record<FigureName, string>> = {};
  readonly #batchSize: number;

  constructor(readonly options: ComputeOptions, readonly models: DisposableStack) {
    const { config, test } = options;
    this.#batchSize = Math.min(config.DATASET.TEST.BATCH_SIZE, test.length);
  }

  async run(): Promise<ModelData> {
    const { config, test, key, folder, student: file } = this.options;
    const student = this.#adopt(openStudent(config, test, file));
    const teacher = await this.#try("teacher", () => this.#adopt(openTeacher(config, test)));
    const { length: count } = test.classes;
    const [sampled, keep] = sampler(test.length, count);
    const both = teacher ? [student, teacher] : [student];
    const { lists, seen } = await this.#predict(both, test, keep);
    const labels = Int32Array.from(seen, (image) => test.labels[image]);
    const cells = lists.map(({ predicted }) =>
      confusionCells(labels, seen.map((image) => predicted[image]), count)
    );
    const clustered = confusionOrder(cells[0], count);
    const costs = await this.#costs(teacher);
    const closer = new Closer(this.options, lists, seen, this.#batchSize);
    return {
      ...{ version: MODEL_DATA_VERSION, key, checkpoint: file.slice(folder.length + 1) },
      ...{ dataset: test.name, classes: test.classes },
      labels: toBase64(new Uint8Array(labels.buffer)),
      student: { ...note(config.DISTILLER.STUDENT, student), ...lists[0].packed(seen) },
      teacher: teacher &&
        { ...note(config.DISTILLER.TEACHER, teacher), ...lists[1].packed(seen) },
      confusion: {
        ...{ classes: test.classes, clustered },
        models: cells.map((each, i) => {
          return { name: i === 0 ? "student" : "teacher", cells: packCells(each, count) };
        }),
      },
      mistakes: await closer.mistakes(),
      close: await closer.close(student, teacher, costs, this.#missing),
      cost: costs && costFigure(costs.cost, test.classes, clustered),
      correlations: await this.#correlations(lists, sampled, teacher, clustered),
      ...await this.#features(student, teacher, lists[0]),
      missing: this.#missing,
    };
  }

  #adopt(model: Model): Model {
    return this.models.adopt(model, (it) => it.dispose());
  }

  /** What `fn` makes, or null where that is refused, with the reason kept. */
  async #try<T>(name: FigureName, fn: () => T | Promise<T>): Promise<T | null> {
    try {
      return await fn();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      this.#missing[name] = sentence(error.message);
      return null;
    }
  }

  async #predict(models: readonly Model[], images: Dataset, keep: (image: number) => boolean) {
    const { gpu, progress, signal } = this.options;
    const loader = createLoader(images, { batchSize: this.#batchSize, train: false });
    try {
      const told = images === this.options.test ? progress : undefined;
      return await predict(gpu, models, loader, this.#batchSize, { keep, progress: told, signal });
    } finally {
      loader.close();
    }
  }

  async #costs(teacher: Model | null): Promise<TransportOptions | null> {
    const { config, folder, test } = this.options;
    if (test.classes.length < 3) {
      this.#missing.cost =
        this.#missing.transport =
          "With fewer than three classes there is nothing to move between.";
      return null;
    }
    const costs = await this.#try(
      "cost",
      () => runCosts(config, folder, test.classes.length, teacher),
    );
    this.#missing.transport = costs ? this.#missing.teacher : this.#missing.cost;
    return costs;
  }

  async #correlations(
    [student, teacher]: readonly PredictionList[],
    sampled: readonly number[],
    hasTeacher: Model | null,
    order: readonly number[],
  ): Promise<CorrelationFigure | null> {
    const { config, test } = this.options;
    const classes = test.classes.length;
    if (!hasTeacher || classes < 2) {
      this.#missing.correlations = hasTeacher
        ? "A single class has nothing to go along with."
        : this.#missing.teacher;
      return null;
    }
    // Images that could not be read, or whose logits are not finite, have no class.
    const sound = sampled.filter((image) =>
      student.predicted[image] >= 0 && teacher.predicted[image] >= 0
    );
    if (sound.length < 2) {
      this.#missing.correlations = "There are too few images with finite logits.";
      return null;
    }
    const wanted = correlationOf(sound.map((image) => teacher.logits.get(image)!), classes);
    const after = difference(
      correlationOf(sound.map((image) => student.logits.get(image)!), classes),
      wanted,
    );
    const before = await this.#try("before", async () => {
      const untrained = this.#adopt(openUntrainedStudent(config, test));
      const { lists: [list], seen } = await this.#predict(
        [untrained],
        pickImages(test, sound),
        () => true,
      );
      const rows = seen.map((image) => list.logits.get(image)!);
      return difference(correlationOf(rows, classes), wanted);
    });
    const range: [number, number] = [0, Math.max(...largest(after), ...largest(before ?? []))];
    return {
      before: before && classHeat(before, test.classes, order, range),
      after: classHeat(after, test.classes, order, range),
      means: { before: before && meanApart(before, classes), after: meanApart(after, classes) },
      images: sound.length,
    };
  }

  async #features(student: Model, teacher: Model | null, list: PredictionList) {
    const { config, test, state } = this.options;
    const hint = teacher
      ? await this.#try("hint", () => openHint(config, student, teacher, test, state))
      : null;
    if (!teacher) this.#missing.hint = this.#missing.teacher;
    if (hint) this.models.adopt(hint.projector, (it) => it.dispose());
    const { images, classes } = mappedImages(test, list);
    const picked = pickImages(test, images);
    const loader = createLoader(picked, { batchSize: this.#batchSize, train: false });
    try {
      const sample = await sampleFeatures(student, teacher, hint, loader, this.#batchSize);
      return featureFigures(sample, classes, test.classes, hint, this.#missing);
    } finally {
      loader.close();
    }
  }
}

/** Images whose logits are kept, evenly over all of them. */
function sampler(
  images: number,
  classes: number,
): [sampled: number[], keep: (image: number) => boolean] {
  const most = classes > MANY ? SAMPLED_OF_MANY : SAMPLED;
  const step = Math.max(1, Math.ceil(images / most));
  const sampled = Array.from({ length: Math.ceil(images / step) }, (_, i) => i * step);
  return [sampled, (image) => image % step === 0];
}

function note(name: string, model: Model): ModelNote {
  return { name, parameters: model.parameterCount() };
}

function correlationOf(logits: readonly Float32Array[], classes: number): Float32Array {
  const all = new Float32Array(logits.length * classes);
  logits.forEach((row, i) => all.set(row, i * classes));
  return correlationMatrix(all, logits.length, classes);
}

function difference(a: Float32Array, b: Float32Array): Float32Array {
  return a.map((value, at) => Math.abs(value - b[at]));
}

function largest(values: ArrayLike<number>): number[] {
  return [Array.from(values).reduce((a, b) => Math.max(a, b), 0)];
}

function meanApart(matrix: Float32Array, classes: number): number {
  const sum = matrix.reduce((a, b) => a + b, 0);
  return Number((sum / Math.max(1, classes * (classes - 1))).toPrecision(4));
}

/** A message as a sentence. */
function sentence(message: string): string {
  const text = message[0].toUpperCase() + message.slice(1);
  return text.endsWith(".") ? text : `${text}.`;
}
