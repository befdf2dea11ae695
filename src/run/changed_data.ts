import { changedKeys } from "../config/changed_settings.ts";
import type { Config } from "../config/config.ts";
import {
  type OfSplits,
  type SplitChange,
  splitChange,
  type SplitDigest,
  splitDigest,
  type SplitFacts,
} from "../data/data_digest.ts";
import { visible } from "../formats/visible.ts";

/** What is known of the files of a run's images. */
export type DataFacts = OfSplits<SplitFacts | null>;

/** How they differ from those of a checkpoint, where they do. */
export type DataChange = OfSplits<SplitChange | null>;

/** Settings that choose other images of the same files. */
const KEYS = ["DATASET.TYPE", "DATASET.SUBSET", "DATASET.VALIDATION", "DATASET.SPLIT"];

/** What a checkpoint keeps of the files, as JSON. */
export function dataDigest({ train, test }: DataFacts): string {
  return JSON.stringify({ train: train && splitDigest(train), test: test && splitDigest(test) });
}

/**
 * Compares the files with those that a checkpoint was saved with; null where nothing can be said of them: the checkpoint
 * keeps nothing, or the configuration chooses other images than its own did.
 *
 * @param metadata of the checkpoint
 */
export function dataChange(
  metadata: Readonly<Record<string, string>>,
  config: Config,
  facts: DataFacts,
): DataChange | null {
  const saved = parsed(metadata.data);
  if (!saved || changedKeys(metadata.config ?? "", config, KEYS).length > 0) return null;
  const { train, test } = saved;
  if (!train || !facts.train) return null;
  try {
    return {
      train: splitChange(train, facts.train),
      test: test && facts.test ? splitChange(test, facts.test) : null,
    };
  } catch {
    // A damaged digest says nothing.
    return null;
  }
}

function parsed(json: string | undefined): Partial<OfSplits<SplitDigest | null>> | null {
  try {
    return JSON.parse(json ?? "null");
  } catch {
    return null;
  }
}

/** Whether the training images have the names and sizes that they had. */
export function sameFiles(data: DataChange | null): boolean {
  return data !== null && (data.train === null || data.train.what === "times");
}

/** What changed, in a sentence for each split that did. */
export function describeDataChange({ train, test }: DataChange, path: string): string[] {
  return [
    ...(train
      ? [sentence(train, "training", path, "the run does not end bit for bit as it would have")]
      : []),
    ...(test
      ? [sentence(test, "test", path, "accuracies before and after are not of the same images")]
      : []),
  ];
}

/** What a split's files are not any more, with the first of them. */
export function describeSplitChange({ what, before, now, first, exact }: SplitChange): string {
  const place = exact
    ? `the first difference at ${visible(first)}`
    : `the first difference at or after ${visible(first)}`;
  if (what === "names" && before !== now) return `there were ${before} and are ${now}, ${place}`;
  const words = {
    names: "other files",
    sizes: "files of other sizes",
    times: "files of other times",
  };
  return `they are ${words[what]}, ${place}`;
}

function sentence(change: SplitChange, kind: string, path: string, effect: string): string {
  const what = describeSplitChange(change);
  return change.what === "times"
    ? `the files of the ${kind} images were copied or changed since ${path} was saved: ${what}, of the same names and ` +
      `sizes; if they were only copied, nothing has changed, else ${effect}`
    : `the ${kind} images are not those that ${path} was saved with: ${what}; ${effect}`;
}
