import type { EpochEnd, EventSink } from "../train/events.ts";
import type { LogPosition } from "./log_scalars.ts";
import { fixed } from "./text.ts";

/** The line before and after the figures of an epoch in `worklog.txt`. */
const RULE: string = "-".repeat(25);

function entries({ epoch, lr, train, test, ema }: EpochEnd): [string, string | number][] {
  const terms = Object.entries(train.losses).map(([name, value]): [string, string] => [
    `train_${name}`,
    value.toFixed(4),
  ]);
  return [
    ["epoch", epoch],
    // Six digits hide the rounding of repeated decay and show small rates, which two decimals do not.
    ["lr", Number(lr.toPrecision(6))],
    ["train_acc", train.top1.toFixed(2)],
    ...topFive("train", train),
    ["train_loss", train.loss.toFixed(4)],
    ...terms,
    ["test_acc", test.top1.toFixed(2)],
    ...topFive("test", test),
    ...balanced(test),
    ["test_loss", fixed(test.loss, 4)],
    ...averaged(ema),
  ];
}

function topFive(of: string, { top5 }: { readonly top5?: number }): [string, string][] {
  return top5 === undefined ? [] : [[`${of}_acc_top5`, top5.toFixed(2)]];
}

function balanced({ balancedAccuracy }: EpochEnd["test"]): [string, string][] {
  return balancedAccuracy === undefined ? [] : [["test_acc_balanced", balancedAccuracy.toFixed(2)]];
}

function averaged(ema: EpochEnd["ema"]): [string, string][] {
  if (!ema) return [];
  const { top1, loss } = ema.test;
  return [
    ["ema_test_acc", top1.toFixed(2)],
    ...topFive("ema_test", ema.test),
    ["ema_test_loss", fixed(loss, 4)],
  ];
}

/**
 * Writes mdistiller's `worklog.txt`: a block of `key: value` lines between two rules for each epoch, and a last line
 * with the best accuracy. Accuracies are percent.
 *
 * @param write appends to the file, so that a run that goes on adds to what is there
 */
export function worklog(write: (text: string) => void): EventSink {
  return (event) => {
    if (event.type === "epoch_end") {
      const lines = entries(event).map(([key, value]) => `${key}: ${value}`);
      write([RULE, ...lines, RULE, ""].join("\n"));
    } else if (event.type === "run_end") {
      write(`best_acc\t${event.bestTop1.toFixed(2)}\n`);
    }
  };
}

/** The part of a `worklog.txt` before the first block of an epoch that will be trained again, or that is cut short. */
export function cutWorklog(text: string, { epoch }: LogPosition): string {
  let at = 0;
  for (;;) {
    const start = text.indexOf(`${RULE}\n`, at);
    if (start < 0) return text.slice(0, text.lastIndexOf("\n") + 1);
    const end = text.indexOf(`\n${RULE}\n`, start + RULE.length);
    const first = /^epoch: (\d+)$/m.exec(text.slice(start, end < 0 ? undefined : end));
    if (end < 0 || !first || Number(first[1]) >= epoch) return text.slice(0, start);
    at = end + RULE.length + 2;
  }
}
