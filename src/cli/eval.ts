import { loadConfig } from "../config/load_config.ts";
import { loadDataset } from "../data/load_dataset.ts";
import { DataLoader } from "../data/loader.ts";
import { formatSeconds } from "../logging/format_seconds.ts";
import { Evaluator } from "../train/evaluate.ts";
import type { TestMetrics } from "../train/events.ts";
import { checkpointModelName, loadCheckpointModel } from "./checkpoint_model.ts";
import { countBar } from "./count_bar.ts";
import { datasetCallbacks } from "./dataset_callbacks.ts";
import { INTERRUPTED } from "./exit_status.ts";
import { interruptSignal } from "./interrupt_signal.ts";
import { openDevice } from "./open_device.ts";

/** Options of the `eval` command. */
export interface EvalFlags {
  /** The checkpoint. */
  readonly ckpt: string;
  /** Architecture; default: the checkpoint's metadata. */
  readonly model?: string;
  /** Data set; default: the configuration's, or `fashion_mnist`. */
  readonly dataset?: string;
  /** Images in a batch; default 100, or the configuration's. */
  readonly batchSize?: number;
  /** Configuration whose DATASET section says what is evaluated. */
  readonly cfg?: string;
  /** Kind of adapter. */
  readonly device?: string;
}

const BATCH_SIZE = 100;
const DATASET = "fashion_mnist";

/**
 * Prints top-1, top-5 and loss of a checkpoint over the test images.
 *
 * @returns the exit status
 */
export async function evaluate(flags: EvalFlags): Promise<number> {
  const config = flags.cfg ? loadConfig(flags.cfg) : null;
  const dataset = {
    ...loadConfig(null).DATASET,
    ...config?.DATASET,
    TYPE: flags.dataset ?? config?.DATASET.TYPE ?? DATASET,
  };
  const name = checkpointModelName(flags.ckpt, flags.model, "--model");
  const gpu = await openDevice(flags.device);
  const { test } = await loadDataset(dataset, datasetCallbacks());
  const model = loadCheckpointModel(name, flags.ckpt, test);
  const evaluator = new Evaluator(gpu, model);
  const batchSize = flags.batchSize ?? config?.DATASET.TEST.BATCH_SIZE ?? BATCH_SIZE;
  const loader = new DataLoader(test, {
    batchSize: Math.min(batchSize, test.length),
    train: false,
  });
  const interrupt = interruptSignal("stopping; there is nothing to save");
  const bar = countBar("evaluating", "images");
  try {
    const metrics = await evaluator.run(loader, { progress: bar.update, signal: interrupt.signal });
    bar.clear();
    if (!metrics) return INTERRUPTED;
    console.log(describe(`${name} from ${flags.ckpt}, on ${test.name}`, metrics, test.length));
    return 0;
  } finally {
    bar.clear();
    interrupt.dispose();
    evaluator.dispose();
    model.dispose();
  }
}

function describe(title: string, { top1, top5, loss, seconds }: TestMetrics, images: number) {
  const speed = Math.round(images / seconds);
  return [
    title,
    `  top-1   ${top1.toFixed(2)} %`,
    `  top-5   ${top5.toFixed(2)} %`,
    `  loss    ${loss.toFixed(4)}`,
    `  images  ${images}`,
    `  time    ${formatSeconds(seconds)} (${speed} images/s)`,
  ].join("\n");
}
