import type { DatasetInfo } from "../../data/image_dataset.ts";
import { principalPlane } from "../statistics/principal_axes.ts";
import type { FeatureSample, HintSettings } from "./features.ts";
import { heatData } from "./heat_data.ts";
import type { FeatureMap, FigureName, HintFigure } from "./model_data.ts";
import type { PredictionList } from "./predictions.ts";

/** Classes and images of the map. */
const [CLASSES, IMAGES] = [10, 600];
/** Images of a class in the heat map of distances. */
const COLUMNS = 40;
/** The map's places go from 0 to this. */
const SIDE = 1000;

/**
 * The images of which features are shown: of all classes, or of many the ten that the student takes for one another most,
 * as many of each.
 */
export function mappedImages(
  { labels, classes, length }: DatasetInfo,
  { predicted }: PredictionList,
): { images: number[]; classes: number[] } {
  const shown = classes.length <= CLASSES
    ? [...classes.keys()]
    : mostConfused(labels, predicted, classes.length);
  const each = Math.floor(IMAGES / Math.max(1, shown.length));
  const taken = new Map(shown.map((label) => [label, 0]));
  const images: number[] = [];
  for (let image = 0; image < length; image++) {
    const count = taken.get(labels[image]);
    if (count === undefined || count === each || predicted[image] < 0) continue;
    taken.set(labels[image], count + 1);
    images.push(image);
  }
  return { images, classes: shown };
}

function mostConfused(labels: Int32Array, predicted: Int32Array, classes: number): number[] {
  const pairs = new Map<number, number>();
  labels.forEach((label, i) => {
    if (predicted[i] < 0 || predicted[i] === label) return;
    const at = Math.min(label, predicted[i]) * classes + Math.max(label, predicted[i]);
    pairs.set(at, (pairs.get(at) ?? 0) + 1);
  });
  const found = [...pairs].sort(([, a], [, b]) => b - a)
    .flatMap(([at]) => [Math.floor(at / classes), at % classes]);
  const all = [...found, ...Array(classes).keys()];
  return [...new Set(all)].slice(0, CLASSES).sort((a, b) => a - b);
}

/** The map of features, and the distances of the hint layer. */
export function featureFigures(
  sample: FeatureSample,
  classes: readonly number[],
  names: readonly string[],
  hint: HintSettings | null,
  missing: Partial<Record<FigureName, string>>,
): { map: FeatureMap | null; hint: HintFigure | null } {
  const { labels, student, teacher, distances } = sample;
  const finite = student.every(Number.isFinite) && (teacher?.every(Number.isFinite) ?? true);
  if (labels.length < 3 || !finite) {
    missing.map = finite
      ? "There are too few images with finite logits."
      : "Some features are not finite numbers.";
    return { map: null, hint: null };
  }
  const [ours, theirs] = [student, teacher].map((data) =>
    data && principalPlane(data, labels.length)
  );
  const shares = (plane: typeof ours) => plane!.shares.map((share) => Number(share.toFixed(4)));
  return {
    map: {
      ...{ labels: [...labels], classes, student: placed(ours!.points) },
      teacher: theirs && placed(theirs.points),
      shares: { student: shares(ours), teacher: theirs && shares(theirs) },
    },
    hint: hint && distances && hintFigure(labels, distances, classes, names, hint.layer),
  };
}

/** Points in a square, both axes at one scale. */
function placed(points: Float32Array): number[] {
  const axis = (which: number) => points.filter((_, i) => i % 2 === which);
  const [x, y] = [axis(0), axis(1)].map((values) => ({
    low: values.reduce((a, b) => Math.min(a, b), Infinity),
    high: values.reduce((a, b) => Math.max(a, b), -Infinity),
  }));
  const extent = Math.max(x.high - x.low, y.high - y.low) || 1;
  return Array.from(points, (value, i) => {
    const { low, high } = i % 2 === 0 ? x : y;
    return Math.round(SIDE / 2 + SIDE * (value - (low + high) / 2) / extent);
  });
}

function hintFigure(
  labels: Int32Array,
  distances: Float32Array,
  classes: readonly number[],
  names: readonly string[],
  layer: number,
): HintFigure {
  const rows = classes.map((label) =>
    [...distances].filter((_, i) => labels[i] === label).sort((a, b) => a - b)
  );
  const width = Math.min(COLUMNS, Math.max(1, ...rows.map(({ length }) => length)));
  const sampled = rows.map((row) =>
    Array.from(
      { length: width },
      // Of more images than there are cells, evenly.
      (_, i) => row.length <= width ? row[i] ?? NaN : row[Math.floor(i * row.length / width)],
    )
  );
  const columns = Array.from({ length: width }, (_, i) => `image ${i + 1} of ${width}`);
  const mean = (row: number[]) => row.reduce((a, b) => a + b, 0) / Math.max(1, row.length);
  return {
    heat: heatData(sampled.flat(), classes.map((label) => names[label]), columns),
    means: rows.map((row) => Number(mean(row).toPrecision(4))),
    layer,
  };
}
