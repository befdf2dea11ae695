import type { EpochEnd, Point, RunEnd, RunStart, Step } from "../../src/train/events.ts";

export const RUN_START: RunStart = {
  type: "run_start",
  config: "SOLVER\n  LR  0.05",
  epochs: 12,
  stepsPerEpoch: 156,
  startEpoch: 1,
  outputDir: "output/x",
  teacher: { name: "resnet20", parameters: 272_186 },
  student: { name: "resnet8", parameters: 77_754 },
  device: "llvmpipe",
};

export const STEP: Step = {
  type: "step",
  epoch: 3,
  step: 78,
  stepsPerEpoch: 156,
  lr: 0.05,
  loss: 1.23456,
  losses: { loss_ce: 1, loss_kd: 0.23456 },
  top1: 61.234,
  imagesPerSecond: 512.4,
  etaSeconds: 125,
};

export const POINT: Point = {
  type: "point",
  epoch: 3,
  step: 78,
  globalStep: 390,
  steps: 39,
  lr: 0.05,
  loss: 1.5,
  losses: { loss_ce: 1, loss_kd: 0.5 },
  top1: 61,
  top5: 90,
  imagesPerSecond: 512,
};

export const EPOCH_END: EpochEnd = {
  type: "epoch_end",
  epoch: 3,
  epochs: 12,
  lr: 0.05 * 0.1 * 0.1 * 0.1,
  train: {
    loss: 0.51234,
    losses: { loss_ce: 0.4, loss_kd: 0.11234 },
    top1: 83.256,
    top5: 99.1,
    seconds: 20,
    dataSeconds: 0.1,
    stepSeconds: 19.9,
    jsMsPerStep: 0.8,
    imagesPerSecond: 500,
  },
  test: { loss: 0.41, top1: 85.6, top5: 99.64, seconds: 2 },
  bestTop1: 85.6,
  bestEpoch: 3,
};

export const RUN_END: RunEnd = {
  type: "run_end",
  bestTop1: 90.125,
  bestEpoch: 11,
  lastTop1: 90.05,
  epochs: 12,
  seconds: 200,
  outputDir: "output/x",
};
