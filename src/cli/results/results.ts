import type { Config } from "../../config/config.ts";
import { configToYaml } from "../../config/format_config.ts";
import { programWords } from "../../config/program.ts";
import { loadConfig } from "../../config/resolve_config.ts";
import { asTyped } from "../../config/typed_path.ts";
import { loadDataset } from "../../data/load_dataset.ts";
import { UserError } from "../../errors.ts";
import { fileExists } from "../../formats/paths.ts";
import { visible } from "../../formats/visible.ts";
import type { Gpu } from "../../gpu/gpu.ts";
import { plural } from "../../logging/text.ts";
import { progress } from "../../logging/progress.ts";
// What is registered is in the schema.
import "../../optim/registry.ts";
import { HeldCheckpoint, loadCheckpoint } from "../../run/checkpoint.ts";
import { latestPath } from "../../run/run_files.ts";
import { RunFolder } from "../../run/run_folder.ts";
import { runFolder } from "../../run/run_paths.ts";
import type { RunStart } from "../../run/run_start.ts";
import { runWithFiles } from "../../run/run_with_files.ts";
import type { EventSink } from "../../train/events.ts";
import { importWords } from "../import_modules.ts";
import { datasetCallbacks, openComputeDevice } from "../open_device.ts";
import { type Interrupt, interruptSignal } from "../terminal/interrupt_signal.ts";
import { shellWords } from "../terminal/shell_words.ts";
import { fingerprint } from "./fingerprint.ts";
import {
  METHOD_NAMES,
  METHODS,
  type RecordedRun,
  type ResultMethod,
  ResultsFile,
} from "./results_file.ts";

/** Options of the `results` command. */
export interface ResultsFlags {
  /** Runs of each method, with the seeds 0 to n - 1. */
  readonly seeds: number;
  /** Names of methods, separated by commas; default all. */
  readonly methods?: string;
  /** Where runs are recorded; the table lies beside it with the extension `.md`. */
  readonly out: string;
  /** Kind of adapter. */
  readonly device?: string;
}

/** The committed results, which only the configurations as they are may change. */
const COMMITTED = "results/fashion_mnist.json";

const PROJECT = "results";

interface PlannedRun {
  readonly method: ResultMethod;
  readonly seed: number;
  readonly config: Config;
  readonly fingerprint: string;
}

/**
 * Trains with every method and several seeds, skipping what is recorded, and writes the table.
 *
 * @returns the exit status
 */
export async function results(flags: ResultsFlags, overrides: readonly string[]): Promise<number> {
  if (overrides.length > 0 && flags.out === COMMITTED) {
    throw new UserError(`${COMMITTED} is for the configurations as they are; name another --out`);
  }
  const file = new ResultsFile(flags.out);
  const runs = await plan(flags, overrides);
  const left = runs.filter((run) => !file.has(run.method.name, run.seed, run.fingerprint));
  console.log(
    `${plural(runs.length, "run")}: ${runs.length - left.length} recorded, ${left.length} to do`,
  );
  const status = left.length > 0 ? await trainAll(left, file, flags, overrides) : 0;
  if (status !== 0) return status;
  const path = file.writeTable();
  console.log(`\n${file.table()}\n\nwritten to ${visible(path)} and ${visible(flags.out)}`);
  return 0;
}

/** Trains and records; returns the exit status. */
async function trainAll(
  runs: readonly PlannedRun[],
  file: ResultsFile,
  flags: ResultsFlags,
  overrides: readonly string[],
): Promise<number> {
  const gpu = await openComputeDevice(flags.device);
  const interrupt = interruptSignal();
  try {
    for (const [i, run] of runs.entries()) {
      console.log(`\n[${i + 1}/${runs.length}] ${run.method.title}, seed ${run.seed}`);
      const record = await trainOne(gpu, run, interrupt, resumeCommand(flags, overrides));
      if (!record) return interrupt.status;
      file.add(record);
    }
    return 0;
  } finally {
    interrupt.dispose();
  }
}

async function plan(flags: ResultsFlags, overrides: readonly string[]): Promise<PlannedRun[]> {
  const runs: PlannedRun[] = [];
  for (const method of chosen(flags.methods)) {
    for (let seed = 0; seed < flags.seeds; seed++) {
      const config = loadConfig(method.cfg, [
        ...overrides,
        ...["SOLVER.SEED", String(seed)],
        ...["EXPERIMENT.PROJECT", PROJECT],
        ...["EXPERIMENT.NAME", `${method.name}_seed${seed}`],
      ]);
      runs.push({ method, seed, config, fingerprint: await fingerprint(config) });
    }
  }
  return runs;
}

function chosen(list: string | undefined): readonly ResultMethod[] {
  if (list === undefined) return METHODS;
  const names = list.split(",").map((name) => name.trim());
  const unknown = names.find((name) => !METHOD_NAMES.includes(name));
  if (unknown !== undefined) {
    throw new UserError(
      `there is no method ${JSON.stringify(unknown)}; --methods can be ${METHOD_NAMES.join(",")}`,
    );
  }
  return METHODS.filter(({ name }) => names.includes(name));
}

async function trainOne(
  gpu: Gpu,
  { method, seed, config, fingerprint }: PlannedRun,
  interrupt: Interrupt,
  resumeCommand: string,
): Promise<RecordedRun | null> {
  const tell = (message: string) => console.error(`warning: ${visible(message)}`);
  using folder = new RunFolder(runFolder(config), tell);
  folder.refuseInTheWay(config);
  const { finished, state } = await runWithFiles({
    gpu,
    config,
    splits: await loadDataset(config.DATASET, datasetCallbacks()),
    folder,
    start: resumable(folder.path, config),
    sink: withoutStart(progress()),
    signal: interrupt.signal,
    resumeCommand,
  });
  if (!finished) return null;
  return {
    method: method.name,
    seed,
    top1: round(state.lastTop1),
    bestTop1: round(state.bestTop1),
    bestEpoch: state.bestEpoch,
    epochs: config.SOLVER.EPOCHS,
    seconds: Math.round(state.seconds),
    device: gpu.info.description || gpu.info.device || gpu.info.vendor,
    fingerprint,
    command: shellWords(trainCommand(method.cfg, config)),
  };
}

/** Only the settings that `results` itself gives; the others are those of the file. */
function trainCommand(cfg: string, { SOLVER, EXPERIMENT }: Config): string[] {
  const seed = ["SOLVER.SEED", String(SOLVER.SEED)];
  return [
    "deno",
    "task",
    "train",
    "--cfg",
    cfg,
    ...importWords(),
    ...seed,
    "EXPERIMENT.NAME",
    EXPERIMENT.NAME,
  ];
}

function round(percent: number): number {
  return Math.round(100 * percent) / 100;
}

/** At the folder's latest where that is the beginning of the same run, else anew. */
function resumable(folder: string, config: Config): RunStart {
  const latest = latestPath(folder);
  try {
    const checkpoint = fileExists(latest) ? loadCheckpoint(latest) : null;
    if (checkpoint && checkpoint.metadata.config === configToYaml(config)) {
      return { kind: "latest", held: new HeldCheckpoint(checkpoint) };
    }
  } catch {
    // A damaged one is written anew.
  }
  return { kind: "anew" };
}

function withoutStart(sink: EventSink): EventSink {
  return (event) => {
    if (event.type !== "run_start") sink(event);
    else if (event.startEpoch > 1) console.log(`going on from epoch ${event.startEpoch}`);
  };
}

function resumeCommand(flags: ResultsFlags, overrides: readonly string[]): string {
  const words = [...programWords(), "results", "--seeds", String(flags.seeds)];
  if (flags.methods) words.push("--methods", flags.methods);
  if (flags.out !== COMMITTED) words.push("--out", asTyped(flags.out));
  if (flags.device) words.push("--device", flags.device);
  words.push(...importWords());
  return shellWords([...words, ...overrides]);
}
