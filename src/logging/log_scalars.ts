import type { EpochEnd, Point } from "../train/events.ts";

/** Figures by the name they have in logs. */
export type LogScalars = Readonly<Record<string, number>>;

/** Where a run goes on: what was logged from there on no longer counts. */
export interface LogPosition {
  /** The epoch that is to be trained, or finished, counted from 1. */
  readonly epoch: number;
  /** Steps of the run that are done, over all epochs. */
  readonly globalStep: number;
}

interface Training {
  readonly loss: number;
  readonly losses: Readonly<Record<string, number>>;
  readonly top1: number;
  readonly top5?: number;
  readonly imagesPerSecond: number;
}

function training(metrics: Training, lr: number): Record<string, number> {
  const { loss, losses, top1, top5, imagesPerSecond } = metrics;
  return {
    lr,
    train_acc: top1,
    ...(top5 !== undefined && { train_acc_top5: top5 }),
    train_loss: loss,
    ...Object.fromEntries(Object.entries(losses).map(([name, value]) => [`train_${name}`, value])),
    images_per_second: imagesPerSecond,
  };
}

/** The figures of an epoch under mdistiller's names, and ours beside them. Accuracies are percent. */
export function epochScalars({ lr, train, test, bestTop1, ema }: EpochEnd): LogScalars {
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
    ...(test.top5 !== undefined && { test_acc_top5: test.top5 }),
    ...(test.balancedAccuracy !== undefined && { test_acc_balanced: test.balancedAccuracy }),
    test_loss: test.loss,
    best_acc: bestTop1,
    ...(ema && {
      ema_test_acc: ema.test.top1,
      ...(ema.test.top5 !== undefined && { ema_test_acc_top5: ema.test.top5 }),
      ema_test_loss: ema.test.loss,
      ema_best_acc: ema.bestTop1,
    }),
  };
}

/** The figures between two points of an epoch, under the same names with `step/` before them. */
export function pointScalars(point: Point): LogScalars {
  const figures = Object.entries(training(point, point.lr));
  return Object.fromEntries(figures.map(([name, value]) => [`step/${name}`, value]));
}
