import { join } from "@std/path";
import { configToYaml } from "../config/format_config.ts";
import { asTyped } from "../config/typed_path.ts";
import { WriteError, writeFileAtomic } from "../formats/atomic_write.ts";
import { ioReason } from "../formats/io_reason.ts";
import { readRegularFile } from "../formats/read_file.ts";
import { appendTo } from "../logging/event_file.ts";
import type { LogPosition } from "../logging/log_scalars.ts";
import { cutMetrics, jsonl } from "../logging/metrics_jsonl.ts";
import { TensorBoardLog } from "../logging/tensorboard.ts";
import { wandbChoice, WandbLog } from "../logging/wandb.ts";
import { cutWorklog, worklog } from "../logging/worklog.ts";
import { combine, type EventSink } from "../train/events.ts";
import type { Run } from "./run.ts";
import { costMatrixSettings } from "./cost_matrix/run_cost_matrix.ts";
import { runName } from "./run_paths.ts";

/** The logs of a run. */
export interface RunLogs {
  /** Writes them. */
  readonly sink: EventSink;
  /** Waits until what goes to a server is there. */
  close(): Promise<void>;
}

/**
 * Opens the logs of a run in its folder: `worklog.txt`, `metrics.jsonl`, `train.events` for TensorBoard, and W&B where the
 * configuration, its key and its package say so. Those of a run that goes on are cut where it goes on; else they are new.
 *
 * @param tell shows notes and warnings
 * @param useWandb whether LOG.WANDB counts
 * @throws WriteError where a log cannot be written
 */
export async function openRunLogs(
  run: Run,
  tell: EventSink,
  useWandb: boolean,
): Promise<RunLogs> {
  const { folder, resume } = run.options;
  const position = resume ? logPosition(run) : null;
  const sinks = [
    worklog(continued(join(folder, "worklog.txt"), position, cutWorklog)),
    jsonl(continued(join(folder, "metrics.jsonl"), position, cutMetrics)),
    (await openTensorBoard(run, position)).sink,
  ];
  const wandb = useWandb ? openWandb(run, tell) : null;
  return {
    sink: combine(...sinks, ...(wandb ? [wandb.sink] : [])),
    close: () => wandb?.close() ?? Promise.resolve(),
  };
}

function logPosition({ state: { epoch, step }, trainer }: Run): LogPosition {
  return { epoch, globalStep: (epoch - 1) * trainer.options.train.length + step };
}

/** Appends to a text log, of which only what comes before `position` is kept. */
function continued(
  path: string,
  position: LogPosition | null,
  cut: (text: string, position: LogPosition) => string,
): (text: string) => void {
  const before = position ? readText(path) : "";
  const kept = position ? cut(before, position) : "";
  if (!position || kept !== before) writeFileAtomic(path, kept);
  return appendTo(path);
}

function readText(path: string): string {
  try {
    return new TextDecoder().decode(readRegularFile(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw new WriteError(`cannot go on with ${asTyped(path)}: ${ioReason(error)}`, {
      cause: error,
    });
  }
}

async function openTensorBoard(run: Run, position: LogPosition | null): Promise<TensorBoardLog> {
  const { config, folder } = run.options;
  const log = new TensorBoardLog(join(folder, "train.events"), position);
  if (!log.fresh) return log;
  log.text("config", "```yaml\n" + configToYaml(config) + "```");
  const { costMatrix } = run;
  if (costMatrix) {
    const classes = run.trainer.options.train.dataset.classes.length;
    const source = costMatrixSettings(config)?.path ?? "fc, of the teacher's classifier";
    await log.matrix("cost_matrix", costMatrix, classes, `Cost matrix (${source})`);
  }
  return log;
}

function openWandb({ options: { config } }: Run, tell: EventSink): WandbLog | null {
  if (!config.LOG.WANDB) return null;
  const choice = wandbChoice();
  if (!choice.use) {
    // Whoever did not ask for it does not miss it.
    if (config.LOG.WANDB === true) {
      tell({ type: "note", message: `LOG.WANDB is off: ${choice.reason}` });
    }
    return null;
  }
  const { PROJECT: project } = config.EXPERIMENT;
  return new WandbLog(
    { ...choice.start, project, name: runName(config), config },
    (message) => tell({ type: "warning", message }),
  );
}
