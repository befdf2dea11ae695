import { visible } from "../../formats/visible.ts";
import { fixed, formatSeconds } from "../../logging/text.ts";
import type { ClassCount } from "../../train/metrics/class_counts.ts";
import type { TestMetrics } from "../../train/events.ts";
import { table } from "../terminal/table.ts";

/** An order of the table of classes: the least recognised first, or as the data set numbers them. */
export type ClassOrder = "worst" | "label";

/** An evaluation, ready to be reported. */
export interface Evaluation {
  /** Architecture. */
  readonly model: string;
  /** File of the weights. */
  readonly checkpoint: string;
  /** Data set and its part, such as `cifar100/test`. */
  readonly dataset: string;
  /** How many images were evaluated. */
  readonly images: number;
  /** The adapter's name. */
  readonly device: string;
  /** The figures. */
  readonly metrics: TestMetrics;
  /** Class names and counts in the order of their labels; null where they were not asked for. */
  readonly classes: readonly (ClassCount & { readonly name: string })[] | null;
}

/** An evaluation as text; the classes as a table. */
export function evalText(evaluation: Evaluation, order: ClassOrder): string {
  const { model, checkpoint, dataset, images, classes } = evaluation;
  const { top1, top5, balancedAccuracy, loss, seconds } = evaluation.metrics;
  const lines = [
    visible(`${model} from ${checkpoint}, on ${dataset}`),
    `  top-1   ${top1.toFixed(2)} %`,
    ...(top5 === undefined ? [] : [`  top-5   ${top5.toFixed(2)} %`]),
    ...(balancedAccuracy === undefined ? [] : [
      `  classes ${balancedAccuracy.toFixed(2)} % (balanced accuracy, the mean of their top-1)`,
    ]),
    `  loss    ${fixed(loss, 4)}`,
    `  images  ${images}`,
    `  time    ${formatSeconds(seconds)} (${Math.round(images / seconds)} images/s)`,
  ];
  if (classes) lines.push("", classTable(evaluation, order));
  return lines.join("\n");
}

/**
 * An evaluation as JSON with the keys `model`, `checkpoint`, `dataset`, `images`, `device`, `top1`, `top5` (percent; of six
 * classes or more), `balancedAccuracy`
 * (percent; where the classes are not of one size), `loss`
 * (null where it is not finite), `seconds` and, where classes were asked for, `classes`: `label`, `name`, `images`, `correct`, `top1` (null without images).
 */
export function evalJson(evaluation: Evaluation, order: ClassOrder): string {
  const { metrics, classes: _, ...rest } = evaluation;
  const classes = orderedClasses(evaluation, order);
  return JSON.stringify({ ...rest, ...metrics, ...(classes ? { classes } : {}) }, null, 2);
}

function classTable(evaluation: Evaluation, order: ClassOrder): string {
  const rows = orderedClasses(evaluation, order)!.map(({ name, label, images, correct, top1 }) => [
    name,
    String(label),
    String(images),
    String(correct),
    top1 === null ? "-" : `${top1.toFixed(2)} %`,
  ]);
  return table(["class", "label", "images", "correct", "top-1"], rows);
}

function orderedClasses({ classes }: Evaluation, order: ClassOrder) {
  const listed = classes?.map(({ name, images, correct }, label) => {
    return { label, name, images, correct, top1: images > 0 ? 100 * correct / images : null };
  });
  // Classes without images come last: there is nothing to say of them.
  if (order === "worst") listed?.sort((a, b) => (a.top1 ?? 101) - (b.top1 ?? 101));
  return listed ?? null;
}
