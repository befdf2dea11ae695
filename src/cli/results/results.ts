import { programWords } from "../../config/program.ts";
import { asTyped } from "../../config/typed_path.ts";
import { loadDataset } from "../../data/load_dataset.ts";
import { findDataset } from "../../data/registry.ts";
import { wantsTeacher } from "../../distill/registry.ts";
import { UserError } from "../../errors.ts";
import { fileExists } from "../../formats/paths.ts";
import { visible } from "../../formats/visible.ts";
import type { Gpu } from "../../gpu/gpu.ts";
import { plural } from "../../logging/text.ts";
import { progress } from "../../logging/progress.ts";
// What is registered is in the schema.
import "../../optim/registry.ts";
import { RunFolder } from "../../run/run_folder.ts";
import { runFolder } from "../../run/run_paths.ts";
import { startWhereStopped } from "../../run/run_start.ts";
import { runWithFiles } from "../../run/run_with_files.ts";
import type { EventSink } from "../../train/events.ts";
import { costMatrix } from "../cost_matrix/cost_matrix.ts";
import { importWords } from "../options/import_modules.ts";
import { datasetCallbacks, openComputeDevice, tuneWords } from "../device/open_device.ts";
import { type Interrupt, interruptSignal } from "../terminal/interrupt_signal.ts";
import { warn } from "../terminal/notes.ts";
import { shellWords } from "../terminal/shell_words.ts";
import { fingerprint } from "./fingerprint.ts";
import { isRecorded, type PlannedRun, planRuns } from "./plan.ts";
import { type RecordedRun, ResultsFile } from "./results_file.ts";
import { type ResultTable, TABLES, tableWords, usualFile } from "./tables.ts";

/** Options of the `results` command. */
export interface ResultsFlags {
  /** Name of the table. */
  readonly table: string;
  /** Runs of each method, with the seeds 0 to n - 1. */
  readonly seeds: number;
  /** Names of methods, separated by commas; default all. */
  readonly methods?: string;
  /** Where runs are recorded; the table lies beside it with the extension `.md`. Default `results/<table>.json`. */
  readonly out?: string;
  /** Kind of adapter. */
  readonly device?: string;
  /** Time variants of kernels, or do not; default on hardware. */
  readonly tune?: boolean;
}

/** Where the images lie: all that may be set where a table is to be that of its configurations. */
const ROOT = "DATASET.ROOT";

/**
 * Trains the runs of a table, skipping what is recorded, and writes it.
 *
 * @returns the exit status
 */
export async function results(flags: ResultsFlags, overrides: readonly string[]): Promise<number> {
  const table = TABLES.find(({ name }) => name === flags.table)!;
  const out = flags.out ?? usualFile(table);
  // Published images are the same wherever they were put.
  const free = findDataset(table.name)?.archive ? [ROOT] : [];
  const changes = overrides.some((word, i) => i % 2 === 0 && !free.includes(word));
  if (changes && out === usualFile(table)) {
    throw new UserError(`${out} is for the configurations as they are; name another --out`);
  }
  const file = new ResultsFile(out, table);
  const runs = planRuns({ ...flags, table, file, overrides });
  checkPrepared(table, runs);
  const left: PlannedRun[] = [];
  for (const run of runs) if (!await isRecorded(file, run)) left.push(run);
  console.log(
    `${plural(runs.length, "run")}: ${runs.length - left.length} recorded, ${left.length} to do`,
  );
  const status = left.length > 0 ? await trainAll(left, file, flags, overrides) : 0;
  if (status !== 0) return status;
  const path = file.writeTable();
  console.log(
    `\n${file.markdown()}\n\nwritten to ${visible(asTyped(path))} and ${visible(asTyped(out))}`,
  );
  return 0;
}

/** Refuses to train the student alone for the table of a published teacher that is not there. */
function checkPrepared({ prepare }: ResultTable, runs: readonly PlannedRun[]): void {
  if (!prepare) return;
  const missing = runs.map(({ config: { DISTILLER } }) => DISTILLER)
    .filter(({ TYPE }) => wantsTeacher(TYPE))
    .map(({ TEACHER_CHECKPOINT }) => TEACHER_CHECKPOINT)
    .find((path) => path !== "" && !fileExists(path));
  if (missing === undefined) return;
  throw new UserError(
    `there is no teacher ${missing}; \`deno task ${prepare}\` prepares it and its images from the folder they are in`,
  );
}

/** Trains and records; returns the exit status. */
async function trainAll(
  runs: readonly PlannedRun[],
  file: ResultsFile,
  flags: ResultsFlags,
  overrides: readonly string[],
): Promise<number> {
  const gpu = await openComputeDevice(flags.device, flags.tune);
  const interrupt = interruptSignal();
  const command = resumeCommand(file, flags, overrides);
  try {
    for (const [i, run] of runs.entries()) {
      console.log(`\n[${i + 1}/${runs.length}] ${run.method.title}, seed ${run.seed}`);
      // The teacher may have come back as it was when the students were trained.
      if (await isRecorded(file, run)) continue;
      const record = await trainOne(gpu, run, interrupt, command, () => {
        return makeCostMatrix(run, flags, overrides);
      });
      if (!record) return interrupt.status;
      file.add(record);
    }
    return 0;
  } finally {
    interrupt.dispose();
  }
}

/** Makes the cost matrix of a teacher that was trained, where one is wanted. */
async function makeCostMatrix(
  { teaches }: PlannedRun,
  { device }: ResultsFlags,
  overrides: readonly string[],
): Promise<void> {
  if (!teaches?.costMatrix) return;
  const { checkpoint, costMatrix: { cfg, path } } = teaches;
  await costMatrix({ cfg, ckpt: checkpoint, out: path, overwrite: true, device }, overrides);
}

async function trainOne(
  gpu: Gpu,
  { method, seed, config, settings }: PlannedRun,
  interrupt: Interrupt,
  resumeCommand: string,
  afterwards: () => Promise<void>,
): Promise<RecordedRun | null> {
  using folder = new RunFolder(runFolder(config), warn);
  folder.refuseInTheWay(config);
  const settingsAndFiles = await fingerprint(config);
  const { finished, state } = await runWithFiles({
    gpu,
    config,
    splits: await loadDataset(config.DATASET, datasetCallbacks()),
    folder,
    start: startWhereStopped(folder.path, config),
    sink: withoutStart(progress({ path: asTyped, start: false })),
    signal: interrupt.signal,
    resumeCommand,
  });
  if (!finished) return null;
  await afterwards();
  return {
    method: method.name,
    seed,
    top1: round(state.lastTop1),
    bestTop1: round(state.bestTop1),
    bestEpoch: state.bestEpoch,
    epochs: state.epoch - 1,
    seconds: Math.round(state.seconds),
    device: gpu.info.description || gpu.info.device || gpu.info.vendor,
    fingerprint: settingsAndFiles,
    command: shellWords([...TRAIN, method.cfg, ...importWords(), ...settings]),
  };
}

const TRAIN = ["deno", "task", "train", "--cfg"];

function round(percent: number): number {
  return Math.round(100 * percent) / 100;
}

function withoutStart(sink: EventSink): EventSink {
  return (event) => {
    sink(event);
    if (event.type === "run_start" && event.startEpoch > 1) {
      console.log(`going on from epoch ${event.startEpoch}`);
    }
  };
}

function resumeCommand(
  { path, table }: ResultsFile,
  flags: ResultsFlags,
  overrides: readonly string[],
): string {
  const words = [...programWords(), ...tableWords(table), "--seeds", String(flags.seeds)];
  if (flags.methods) words.push("--methods", flags.methods);
  if (path !== usualFile(table)) words.push("--out", asTyped(path));
  if (flags.device) words.push("--device", flags.device);
  words.push(...tuneWords(flags.tune), ...importWords());
  return shellWords([...words, ...overrides]);
}
