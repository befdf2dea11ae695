import type { EpochEnd, EventSink, Point } from "../train/events.ts";

/** Figures by the name they have in logs. */
export type LogScalars = Readonly<Record<string, number>>;

interface Training {
  readonly loss: number;
  readonly losses: Readonly<Record<string, number>>;
  readonly top1: number;
  readonly top5: number;
  readonly imagesPerSecond: number;
}

function training(metrics: Training, lr: number): Record<string, number> {
  const { loss, losses, top1, top5, imagesPerSecond } = metrics;
  return {
    lr,
    train_acc: top1,
    train_acc_top5: top5,
    train_loss: loss,
    ...Object.fromEntries(Object.entries(losses).map(([name, value]) => [`train_${name}`, value])),
    images_per_second: imagesPerSecond,
  };
}

/** The figures of an epoch under mdistiller's names, and ours beside them. Accuracies are percent. */
export function epochScalars({ lr, train, test, bestTop1 }: EpochEnd): LogScalars {
  return {
    ...training(train, lr),
    train_seconds: train.seconds,
    data_seconds: train.dataSeconds,
    step_seconds: train.stepSeconds,
    ...(train.scaling && {
      loss_scale: train.scaling.scale,
      skipped_steps: train.scaling.skippedSteps,
    }),
    test_acc: test.top1,
    test_acc_top5: test.top5,
    test_loss: test.loss,
    best_acc: bestTop1,
  };
}

/** The figures between two points of an epoch, under the same names with `step/` before them. */
export function pointScalars(point: Point): LogScalars {
  const figures = Object.entries(training(point, point.lr));
  return Object.fromEntries(figures.map(([name, value]) => [`step/${name}`, value]));
}

/** A line of `metrics.jsonl` for an epoch: the `epoch_end` event with `kind` for its type. */
type EpochLine = { readonly kind: "epoch" } & Omit<EpochEnd, "type">;

/** A line of `metrics.jsonl` for the steps between two points: the `point` event with `kind` for its type. */
type StepLine = { readonly kind: "step" } & Omit<Point, "type">;

/**
 * Writes `metrics.jsonl`: one JSON object a line, an {@linkcode EpochLine} for each epoch and a {@linkcode StepLine} every
 * LOG.TENSORBOARD_FREQ steps. Keys are added but not renamed; a number that is not finite is null. A line is written at once with its line break, so that only
 * the last one can be cut short.
 *
 * @param write appends to the file
 */
export function jsonl(write: (text: string) => void): EventSink {
  return (event) => {
    if (event.type !== "epoch_end" && event.type !== "point") return;
    const { type, ...metrics } = event;
    const kind = type === "point" ? "step" : "epoch";
    write(JSON.stringify({ kind, ...metrics }) + "\n");
  };
}
