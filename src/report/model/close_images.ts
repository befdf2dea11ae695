import { createLoader } from "../../data/loading/loader.ts";
import type { Dataset } from "../../data/image_dataset.ts";
import { pickImages } from "../../data/select.ts";
import type { Gpu } from "../../gpu/gpu.ts";
import type { Model } from "../../models/model.ts";
import { noGrad } from "../../tensor/autograd.ts";
import { tensor } from "../../tensor/create.ts";
import { likeliest } from "../../train/predictor.ts";
import { type TransportOptions, transportPlan } from "../statistics/transport_plan.ts";
import { type AttentionMaps, attentionMaps } from "./attention.ts";
import { transportFigure } from "./cost_figure.ts";
import type { CloseImage, FigureName, Guess, ShownImage } from "./model_data.ts";
import { pictureAddress } from "./pictures.ts";
import type { PredictionList } from "./predictions.ts";

/** Mistakes, images that are looked at closely, and guesses of each. */
const [MISTAKES, CLOSE, GUESSES] = [24, 6, 3];

/** The pictures among the images, and what both models make of them. */
export class Closer {
  /** `seen` are the positions of the images that could be read. */
  constructor(
    readonly options: { readonly gpu: Gpu; readonly test: Dataset },
    readonly lists: readonly PredictionList[],
    readonly seen: readonly number[],
    readonly batchSize: number,
  ) {}

  /** The images that the student is wrong about, the surest first. */
  async mistakes(): Promise<ShownImage[]> {
    const { test } = this.options;
    const [{ predicted, confidence }] = this.lists;
    const worst = this.#wrong().sort((a, b) => confidence[b] - confidence[a] || a - b)
      .slice(0, MISTAKES);
    const images = await readImages(test, worst);
    const guess = ({ predicted, confidence, truth }: PredictionList, image: number): Guess[] => {
      const found = { label: predicted[image], probability: confidence[image] };
      const right = { label: test.labels[image], probability: truth[image] };
      return (found.label < 0 ? [] : found.label === right.label ? [found] : [found, right])
        .map(({ label, probability }) => ({ label, probability: round(probability) }));
    };
    const [student, teacher = null] = this.lists;
    return await Promise.all(worst.map(async (image, i) => ({
      ...{ image, label: test.labels[image] },
      picture: await pictureAddress(images[i], test),
      student: guess(student, image),
      teacher: teacher && guess(teacher, image),
    } satisfies ShownImage))).then((all) => all.filter(({ image }) => predicted[image] >= 0));
  }

  /** A few images with the plan that WKD-L has of them, and with what both models look at. */
  async close(
    student: Model,
    teacher: Model | null,
    costs: TransportOptions | null,
    missing: Partial<Record<FigureName, string>>,
  ): Promise<CloseImage[]> {
    const { test } = this.options;
    const chosen = this.#chosen();
    if (chosen.length === 0) return [];
    const images = await readImages(test, chosen);
    const ours = await this.#look(student, images);
    const theirs = teacher && await this.#look(teacher, images);
    if (!ours.maps || theirs?.maps === null) {
      missing.attention =
        "The last features are a single pixel, or what leads to them is not finite.";
    }
    const over = (image: Float32Array, maps: AttentionMaps, i: number) => {
      const { rows, columns, values } = maps;
      const part = values.subarray(i * rows * columns, (i + 1) * rows * columns);
      return pictureAddress(image, test, { values: part, rows, columns });
    };
    return await Promise.all(chosen.map(async (image, i) => ({
      ...{ image, label: test.labels[image], picture: await pictureAddress(images[i], test) },
      student: guesses(ours.logits[i]),
      teacher: theirs && guesses(theirs.logits[i]),
      transport: costs && theirs &&
        transportFigure(
          transportPlan(ours.logits[i], theirs.logits[i], test.labels[image], costs),
        ),
      attention: ours.maps && {
        student: await over(images[i], ours.maps, i),
        teacher: theirs?.maps ? await over(images[i], theirs.maps, i) : null,
      },
    })));
  }

  #wrong(): number[] {
    const [{ predicted }] = this.lists;
    const { labels } = this.options.test;
    return this.seen.filter((image) => predicted[image] >= 0 && predicted[image] !== labels[image]);
  }

  /**
   * Two images that only the teacher knows, two that neither knows and two that both know, of other classes each; those that
   * the student is surest of first, of known ones those that it is least sure of.
   */
  #chosen(): number[] {
    const [student, teacher = student] = this.lists;
    const { labels } = this.options.test;
    const sound = this.seen.filter((image) =>
      student.predicted[image] >= 0 && teacher.predicted[image] >= 0
    );
    const knows = (list: PredictionList, image: number) => list.predicted[image] === labels[image];
    const groups = [
      sound.filter((image) => !knows(student, image) && knows(teacher, image)),
      sound.filter((image) => !knows(student, image) && !knows(teacher, image)),
      sound.filter((image) => knows(student, image)),
    ];
    const surest = (a: number, b: number) => student.confidence[b] - student.confidence[a] || a - b;
    groups[0].sort(surest);
    groups[1].sort(surest);
    groups[2].sort((a, b) => surest(b, a));
    const chosen: number[] = [];
    for (const group of groups) {
      const end = chosen.length + CLOSE / groups.length;
      for (const image of group) {
        const isNew = !chosen.some((one) => labels[one] === labels[image]);
        if (chosen.length < end && isNew) chosen.push(image);
      }
    }
    for (const image of sound) {
      if (chosen.length < CLOSE && !chosen.includes(image)) chosen.push(image);
    }
    return chosen;
  }

  /** Logits of images, and where the model looks for the class that it finds. */
  async #look(
    model: Model,
    images: readonly Float32Array[],
  ): Promise<{ logits: Float32Array[]; maps: AttentionMaps | null }> {
    const { gpu, test: { channels, height, width } } = this.options;
    const shape = [images.length, channels, height, width] as const;
    const all = new Float32Array(images.length * images[0].length);
    images.forEach((image, i) => all.set(image, i * image.length));
    const made = noGrad(() => model.forward(tensor(all, shape, { device: gpu })).logits);
    const values = await made.data() as Float32Array;
    const classes = made.shape[1];
    made.dispose();
    const logits = images.map((_, i) => values.slice(i * classes, (i + 1) * classes));
    const found = logits.map((each) => likeliest(each, 1)?.[0].label ?? 0);
    return { logits, maps: await attentionMaps(model, all, shape, found) };
  }
}

function guesses(logits: Float32Array): Guess[] {
  return (likeliest(logits, GUESSES) ?? [])
    .map(({ label, probability }) => ({ label, probability: round(probability) }));
}

function round(value: number): number {
  return Number(value.toFixed(5));
}

/** Normalised images at some positions, as the models see them. */
async function readImages(test: Dataset, positions: readonly number[]): Promise<Float32Array[]> {
  if (positions.length === 0) return [];
  const images: Float32Array[] = [];
  const picked = pickImages(test, positions);
  const loader = createLoader(picked, { batchSize: positions.length, train: false });
  try {
    for await (const batch of loader.epoch(1)) {
      const size = batch.images.length / positions.length;
      for (let i = 0; i < batch.size; i++) {
        images[batch.indices[i]] = batch.images.slice(i * size, (i + 1) * size);
      }
    }
  } finally {
    loader.close();
  }
  return images;
}
