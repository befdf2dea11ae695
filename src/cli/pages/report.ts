import { asTyped } from "../../config/typed_path.ts";
import { loadTestSet } from "../../data/load_dataset.ts";
import { UserError } from "../../errors.ts";
import { visible } from "../../formats/visible.ts";
import { type ModelSource, writeReport } from "../../report/report.ts";
import { datasetCallbacks, openComputeDevice } from "../device/open_device.ts";
import { countBar } from "../terminal/count_bar.ts";
import { interruptSignal } from "../terminal/interrupt_signal.ts";
import { warn } from "../terminal/notes.ts";

/** Options of the `report` command. */
interface ReportFlags {
  /** The file; default `report.html` in the folder of the first run. */
  readonly out?: string;
  /** Kind of adapter. */
  readonly device?: string;
}

/**
 * Writes a page about one run, or one that compares several.
 *
 * @param folders the runs' folders
 * @returns the exit status
 */
export async function report(folders: readonly string[], flags: ReportFlags): Promise<number> {
  const same = folders.find((folder, i) => folders.indexOf(folder) !== i);
  if (same !== undefined) throw new UserError(`${asTyped(same)} is given twice`);
  const interrupt = interruptSignal("stopping; nothing is written (Ctrl-C again ends at once)");
  const bar = countBar("measuring the models", "images");
  const source: ModelSource = {
    gpu: () => openComputeDevice(flags.device),
    test: ({ DATASET }) => loadTestSet(DATASET, datasetCallbacks()),
    progress: bar.update,
    signal: interrupt.signal,
  };
  try {
    const { path, bytes, missing } = await writeReport(folders, {
      ...{ out: flags.out, source },
      tell: warn,
    });
    bar.clear();
    if (missing !== null) warn(missing);
    console.log(`wrote ${visible(asTyped(path))}, ${Math.round(bytes / 1000)} kB`);
    return 0;
  } catch (error) {
    bar.clear();
    if (interrupt.signal.aborted) return interrupt.status;
    throw error;
  } finally {
    interrupt.dispose();
  }
}
