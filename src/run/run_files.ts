import { join } from "node:path";
import { changedLines } from "../config/changed_settings.ts";
import type { Config } from "../config/config.ts";
import { configToYaml } from "../config/format_config.ts";
import type { DatasetInfo } from "../data/image_dataset.ts";
import type { Distiller } from "../distill/distiller.ts";
import { writeFileAtomic } from "../formats/atomic_write.ts";
import { FormatError } from "../formats/format_error.ts";
import { changedAt } from "../formats/paths.ts";
import { toFloat32 } from "../formats/safetensors/safetensors.ts";
import { writeTorch } from "../formats/torch/write_torch.ts";
import type { Tuning } from "../gpu/tuning.ts";
import type { Module } from "../nn/module.ts";
import type { GradScaler } from "../optim/grad_scaler.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import { type HostTensor, readBack } from "../tensor/read_back.ts";
import type { EventSink } from "../train/events.ts";
import { initialState, type RunState } from "../train/run_state.ts";
import type { SaveKind } from "../train/trainer.ts";
import {
  type DataChange,
  dataChange,
  type DataFacts,
  describeDataChange,
  sameFiles,
} from "./checkpoints/changed_data.ts";
import {
  type Checkpoint,
  CheckpointError,
  inFile,
  loadCheckpoint,
  safetensorsBytes,
  withPrefix,
} from "./checkpoints/checkpoint.ts";
import { imageMetadata } from "./models/classifier_card.ts";
import type { Solver } from "./build_solver.ts";
import { loadTensors } from "./models/load_model.ts";
import { restoreSolver } from "./checkpoints/restore_solver.ts";
import {
  authorsFacts,
  refuseForeignSettings,
  type RunFacts,
  runTensors,
  torchRun,
  torchStudent,
} from "./checkpoints/run_checkpoint.ts";
import { atEpochStart, type EpochSize, whyEpochRestarts } from "./checkpoints/whole_epoch.ts";

/** The file of a checkpoint such as `student_best`; torch files have no extension, as the authors write them. */
export function checkpointPath(folder: string, name: string, format: string): string {
  return join(folder, format === "safetensors" ? `${name}.safetensors` : name);
}

/** Where the resumable state of a run folder lies, or would lie: in the newer of both formats. */
export function latestPath(folder: string): string {
  const paths = ["torch", "safetensors"].map((format) => checkpointPath(folder, "latest", format));
  const [torch, safetensors] = paths.map(changedAt);
  return safetensors > torch ? paths[1] : paths[0];
}

/**
 * Checkpoints of a run: `latest`, `best` and `epoch_N` hold everything that is needed to go on,
 * `student_latest`, `student_best` and `student_N` the student alone, `student_ema_latest` and so on its average.
 */
export class RunFiles {
  /** Reads and writes nothing yet. */
  constructor(
    readonly folder: string,
    readonly config: Config,
    readonly distiller: Distiller,
    readonly optimizer: Optimizer,
    readonly sink: EventSink,
    readonly scaler: GradScaler | null = null,
    /** What is known of the images' files, as JSON, to be noticed where they change. */
    readonly data: Promise<string> | null = null,
    /** The images that the student is measured on, for whoever shows it others. */
    readonly images: DatasetInfo | null = null,
    /** The student's average, and the names of the optimiser's parameters, where they are not all in the models' order. */
    readonly solver: Pick<Solver, "ema" | "names"> | null = null,
    /** Which variants of kernels run, so that a run goes on with the same. */
    readonly tuning: Tuning | null = null,
  ) {}

  /** Writes the checkpoints that are due. */
  async save(kind: SaveKind, state: RunState): Promise<void> {
    const models = await this.#readModels();
    const optimizer = await readBack(this.optimizer.stateDict());
    const extra = new Map<string, HostTensor>();
    const scaling = await readBack(this.scaler?.stateDict() ?? new Map());
    for (const [name, tensor] of scaling) extra.set(`scaler.${name}`, tensor);
    if (state.totals) extra.set("totals", { shape: [state.totals.length], data: state.totals });
    const average = await readBack(this.solver?.ema?.stateDict() ?? new Map());
    for (const [name, tensor] of average) extra.set(`ema.${name}`, tensor);
    const facts = this.#facts(state);
    const run = this.#runBytes(models, optimizer, extra, await this.#ofRun(facts));
    const student = withPrefix(models, "student.");
    const finished = state.epoch - 1;
    const writeAverage = (name: string) => {
      if (average.size === 0 || kind === "interrupted") return;
      const own = name.replace("student_", "student_ema_");
      this.#write(own, this.#studentBytes(average, asAverage(facts, state)));
    };
    if (state.ema?.bestEpoch === finished) writeAverage("student_best");
    for (const [name, studentName] of this.#names(kind, finished)) {
      if (kind !== "interrupted") this.#write(studentName, this.#studentBytes(student, facts));
      if (name !== "best") writeAverage(studentName);
      this.#write(name, run);
    }
  }

  /**
   * Loads `latest` into the models and the optimiser. An epoch that was stopped in its middle starts again, with a warning,
   * where its steps would see other images now. Images whose files changed are told, too.
   *
   * @param epoch what an epoch goes through now
   * @param data what is known of the images' files now
   * @param latest that checkpoint, where it was read already
   * @throws CheckpointError when there is none, or it belongs to another configuration.
   */
  restore(epoch: EpochSize, data: DataFacts | null = null, latest?: Checkpoint): RunState {
    const path = latestPath(this.folder);
    const checkpoint = latest ?? loadCheckpoint(path);
    this.tuning?.resumeRun(checkpoint.metadata.tuning);
    const change = data && dataChange(checkpoint.metadata, this.config, data);
    const state = this.#state(checkpoint, path, change);
    const tensors = inFile(path, () => runTensors(checkpoint));
    for (const [name, module] of this.#modules()) {
      loadTensors(module, withPrefix(tensors, `${name}.`), path);
    }
    refuseForeignSettings(checkpoint, path);
    const allNames = this.#allNames();
    restoreSolver(checkpoint, tensors, {
      ...{ optimizer: this.optimizer, type: this.config.SOLVER.TYPE, allNames },
      ...{ names: this.solver?.names ?? allNames, scaler: this.scaler },
      ema: this.solver?.ema ?? null,
    });
    const totals = tensors.get("totals");
    const found = { ...state, totals: totals ? toFloat32(totals) : null };
    const { config = "" } = checkpoint.metadata;
    const why = whyEpochRestarts(found, config, this.config, epoch, change);
    if (why === null) return found;
    this.sink({
      type: "warning",
      message: `${path} stopped at step ${found.step} of epoch ${found.epoch}, but ${why} now; ` +
        `epoch ${found.epoch} starts again at its first step`,
    });
    return atEpochStart(found);
  }

  /**
   * What the checkpoints that are due are called: the whole run, and the student alone. `latest` comes last: it says that
   * the epoch is done, so after a crash before it the epoch is trained again and the others are written again.
   */
  #names(kind: SaveKind, finished: number): [string, string][] {
    const names: [string, string][] = [];
    if (kind !== "interrupted" && finished % this.config.LOG.SAVE_CHECKPOINT_FREQ === 0) {
      names.push([`epoch_${finished}`, `student_${finished}`]);
    }
    if (kind === "best") names.push(["best", "student_best"]);
    return [...names, ["latest", "student_latest"]];
  }

  #write(name: string, bytes: Uint8Array): void {
    const path = checkpointPath(this.folder, name, this.config.LOG.CHECKPOINT_FORMAT);
    writeFileAtomic(path, bytes);
    this.sink({ type: "checkpoint", kind: name, path });
  }

  #studentBytes(student: ReadonlyMap<string, HostTensor>, { metadata }: RunFacts): Uint8Array {
    return this.config.LOG.CHECKPOINT_FORMAT === "torch"
      ? torchBytes(torchStudent(student, metadata))
      : safetensorsBytes(student, metadata);
  }

  #runBytes(
    models: ReadonlyMap<string, HostTensor>,
    optimizer: ReadonlyMap<string, HostTensor>,
    extra: ReadonlyMap<string, HostTensor>,
    facts: RunFacts,
  ): Uint8Array {
    if (this.config.LOG.CHECKPOINT_FORMAT === "torch") {
      return torchBytes(torchRun(models, optimizer, extra, facts));
    }
    const named = [...optimizer].map(([key, tensor]) => [`optimizer.${key}`, tensor] as const);
    return safetensorsBytes(new Map([...models, ...named, ...extra]), facts.metadata);
  }

  #facts(state: RunState): RunFacts {
    return {
      epoch: state.epoch - 1,
      bestAcc: state.bestTop1,
      paramGroups: this.optimizer.paramGroups(),
      metadata: {
        format: "pt",
        model: this.config.DISTILLER.STUDENT,
        epoch: String(state.epoch - 1),
        best_acc: String(state.bestTop1),
        state: JSON.stringify({ ...state, totals: null }),
        config: configToYaml(this.config),
        ...(this.images && imageMetadata(this.images)),
        ...this.#namesMetadata(),
      },
    };
  }

  /** With what the student's own files do without: they are the same wherever the images are, and whatever trained them. */
  async #ofRun(facts: RunFacts): Promise<RunFacts> {
    const [data, tuning] = [await this.data, this.tuning?.saved];
    const more = { ...(data !== null && { data }), ...(tuning && { tuning }) };
    return { ...facts, metadata: { ...facts.metadata, ...more } };
  }

  /** Of the optimiser's parameters, where these are not all there are in their order. */
  #namesMetadata(): { parameters?: string } {
    const names = this.solver?.names ?? [];
    return this.solver && names.join() !== this.#allNames().join()
      ? { parameters: JSON.stringify(names) }
      : {};
  }

  #allNames(): string[] {
    const { student, extraModules } = this.distiller;
    const beside = Object.entries(extraModules).flatMap(([name, module]) =>
      [...module.namedParameters().keys()].map((each) => `${name}.${each}`)
    );
    return [...student.namedParameters().keys(), ...beside];
  }

  #modules(): [string, Module][] {
    return [["student", this.distiller.student], ...Object.entries(this.distiller.extraModules)];
  }

  #readModels(): Promise<Map<string, HostTensor>> {
    const all = this.#modules().flatMap(([name, module]) => [...module.stateDict(`${name}.`)]);
    return readBack(new Map(all));
  }

  #state(checkpoint: Checkpoint, path: string, change: DataChange | null): RunState {
    const facts = checkpoint.metadata.state === undefined ? authorsFacts(checkpoint) : null;
    if (facts) {
      this.sink({
        type: "warning",
        message:
          `${path} was not written by this program; its weights and its optimiser's state are ` +
          `taken, and training goes on after epoch ${facts.epoch}`,
      });
      return { ...initialState(), epoch: facts.epoch + 1, bestTop1: facts.bestAcc };
    }
    const state = parseState(checkpoint.metadata.state, path);
    this.#compareConfig(checkpoint.metadata.config ?? "", path, sameFiles(change));
    for (const message of change ? describeDataChange(change, path) : []) {
      this.sink({ type: "warning", message });
    }
    return state;
  }

  /** Where the same files are elsewhere now, `moved`, nothing changed by that. */
  #compareConfig(saved: string, path: string, moved: boolean): void {
    const changed = changedLines(saved, this.config)
      .filter((line) => !(moved && line.startsWith("ROOT: ")));
    if (changed.length === 0) return;
    this.sink({
      type: "warning",
      message: `${path} was made with another configuration; changed now: ${changed.join("; ")}`,
    });
  }
}

/** What the average's own file says. */
function asAverage(facts: RunFacts, { ema }: RunState): RunFacts {
  const metadata = { ...facts.metadata, best_acc: String(ema?.bestTop1 ?? -1) };
  return { ...facts, metadata };
}

/** @throws CheckpointError where a torch file cannot be that large. */
function torchBytes(value: unknown): Uint8Array {
  try {
    return writeTorch(value);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new CheckpointError(
      `the checkpoint cannot be written as a torch file: ${error.message}: set ` +
        "LOG.CHECKPOINT_FORMAT safetensors",
    );
  }
}

/** @throws CheckpointError where a text is no training state */
export function parseState(json: string | undefined, path: string): RunState {
  let state: Partial<RunState> | null = null;
  try {
    state = JSON.parse(json ?? "null");
  } catch {
    // Reported below: a state that is not JSON is no state.
  }
  if (!Number.isInteger(state?.epoch) || !Number.isInteger(state?.step)) {
    throw new CheckpointError(`${path} holds no training state; it cannot be resumed`);
  }
  return { ...initialState(), ...state };
}
