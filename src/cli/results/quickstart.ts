import { programWords } from "../../config/program.ts";
import { loadConfig } from "../../config/resolve_config.ts";
import { asTyped } from "../../config/typed_path.ts";
import { loadDataset } from "../../data/load_dataset.ts";
import { progress } from "../../logging/progress.ts";
// What is registered is in the schema.
import "../../optim/registry.ts";
import { RunFolder } from "../../run/run_folder.ts";
import { runFolder } from "../../run/run_paths.ts";
import { runWithFiles } from "../../run/run_with_files.ts";
import type { EventSink, RunStart } from "../../train/events.ts";
import { datasetCallbacks, openComputeDevice } from "../device/open_device.ts";
import { interruptSignal } from "../terminal/interrupt_signal.ts";
import { warn } from "../terminal/notes.ts";
import { shellWords } from "../terminal/shell_words.ts";
import { recordAlone } from "./quickstart_record.ts";
import { finalWords, greeting } from "./quickstart_text.ts";

/** Options of the `quickstart` command. */
export interface QuickstartFlags {
  /** Train the student without its teacher and record that for the table. */
  readonly alone?: boolean;
  /** Where the student alone is recorded. */
  readonly record: string;
  /** Kind of adapter. */
  readonly device?: string;
  /** Time variants of kernels, or do not; default on hardware. */
  readonly tune?: boolean;
}

const FOLDER = "configs/fashion_mnist/quickstart";

/**
 * Teaches resnet8 for a few minutes and compares it with its teacher and with itself untaught.
 *
 * @returns the exit status
 */
export async function quickstart(
  flags: QuickstartFlags,
  overrides: readonly string[],
): Promise<number> {
  const config = loadConfig(`${FOLDER}/${flags.alone ? "alone" : "wkd_l_f"}.yaml`, overrides);
  using folder = new RunFolder(
    runFolder(config),
    warn,
  );
  folder.refuseInTheWay(config);
  const gpu = await openComputeDevice(flags.device, flags.tune);
  const splits = await loadDataset(config.DATASET, datasetCallbacks());
  const interrupt = interruptSignal("stopping; run the quickstart again to start anew");
  let start: RunStart | null = null;
  const shown = progress({ path: asTyped, start: false });
  const sink: EventSink = (event) => {
    if (event.type === "run_start") console.log(greeting(config, splits, start = event));
    if (event.type !== "run_end" && event.type !== "interrupted") shown(event);
  };
  const run = { gpu, config, splits, sink };
  const command = [
    ...programWords(),
    "quickstart",
    ...(flags.alone ? ["--alone"] : []),
    ...overrides,
  ];
  try {
    const { finished, state } = await runWithFiles({
      ...run,
      folder,
      start: { kind: "anew" },
      signal: interrupt.signal,
      resumeCommand: shellWords(command),
    });
    if (!finished) return interrupt.status;
    const top1 = state.lastTop1;
    if (flags.alone) {
      return await recordAlone({ ...run, path: flags.record, top1, command: shellWords(command) });
    }
    console.log(finalWords(config, start!, state, flags.record));
    return 0;
  } finally {
    interrupt.dispose();
  }
}
