import type { Config } from "../../config/config.ts";
import { configToYaml } from "../../config/format_config.ts";
import { readImageSplit, writeImageSplit } from "../../data/images/image_split.ts";
import { type DatasetSplits, loadDataset } from "../../data/load_dataset.ts";
import { findDataset } from "../../data/registry.ts";
import { writeFileAtomic } from "../../formats/atomic_write.ts";
import { fileExists } from "../../formats/paths.ts";
import { advising, runSizes, smaller } from "../memory_error.ts";
import { costMatrixSettings, ownCostMatrix } from "../cost_matrix/run_cost_matrix.ts";
import { checkpointPath } from "../run_files.ts";
import { RunFolder } from "../run_folder.ts";
import { runFolder } from "../run_paths.ts";
import { startWhereStopped } from "../run_start.ts";
import { runWithFiles } from "../run_with_files.ts";
import { decide, type Decisions, type Facts } from "./decisions.ts";
import { announce, makeMatrix } from "./jobs.ts";
import { measureModel, type ModelRow } from "./measure.ts";
import { countPictures, lookAtPictures } from "./pictures.ts";
import type { PipelineOptions, PipelineResult, StageName } from "./options.ts";
import { PipelineFiles, runConfig, type RunName } from "./plan.ts";
import {
  type PipelineState,
  readState,
  refuseChanges,
  type SavedFacts,
  writeState,
} from "./state.ts";
import { stageWork, TimeLeft } from "./time_left.ts";

/**
 * Looks at pictures, trains a teacher or takes one, makes its cost matrix, trains a student from it and measures all models.
 * What is done is kept in the folder, so that the same call goes on where one before it was stopped or killed.
 *
 * @returns null where it was stopped
 * @throws UserError where something else was asked for in that folder before, or as the stages do
 */
export async function runPipeline(options: PipelineOptions): Promise<PipelineResult | null> {
  return await new Pipeline(options).run();
}

class Pipeline {
  readonly #files: PipelineFiles;
  readonly #stages: readonly StageName[];
  #state: PipelineState;
  #splits: DatasetSplits | null = null;
  #left = new TimeLeft([]);

  constructor(readonly options: PipelineOptions) {
    const { folder, request } = options;
    this.#files = new PipelineFiles(folder);
    const state = readState(this.#files.state);
    if (state) refuseChanges(folder, state.request, request);
    this.#state = state ?? { request, facts: null, decisions: null, runs: {} };
    // Whether there is a matrix to make does not hang on what is decided.
    const student = runConfig("student", this.#files, request, UNDECIDED);
    const hasMatrix = costMatrixSettings(student)?.path === this.#files.costMatrix;
    this.#stages = [
      "pictures",
      "teacher",
      ...(hasMatrix ? ["cost matrix"] as const : []),
      "student",
      ...(options.compare ? ["alone", "kd"] as const : []),
      "measure",
    ];
  }

  async run(): Promise<PipelineResult | null> {
    const { signal, listener } = this.options;
    try {
      const { facts, decisions } = await this.#look();
      const configs = this.#configs(decisions);
      const stages = this.#stages;
      this.#left = new TimeLeft(stages.map((name) => ({
        name,
        work: stageWork(name, { ...this.#state, facts, decisions }, this.#runs()),
      })));
      for (const [i, name] of stages.entries()) {
        const isDone = name === "pictures" || this.#isDone(name, configs);
        const isGiven = name === "teacher" && this.options.request.teacherFile !== null;
        const how = isGiven ? "given" : isDone ? "done before" : "anew";
        if (name !== "pictures") listener.stage(name, i + 1, stages.length, how);
        if (!isDone && !await this.#do(name, configs)) return await this.#end(null);
        this.#left.finish(name);
      }
      await this.#end(null);
      return { rows: this.#rows, student: bestOf(configs.student), test: facts.test };
    } catch (error) {
      if (signal.aborted && error === signal.reason) return await this.#end(null);
      throw error;
    }
  }

  readonly #rows: ModelRow[] = [];

  /** Lets the other ranks go. */
  async #end<T>(result: T): Promise<T> {
    await announce(this.options.group, { kind: "end" });
    return result;
  }

  async #look(): Promise<{ facts: SavedFacts; decisions: Decisions }> {
    const { request, listener } = this.options;
    let { facts, decisions } = this.#state;
    const isFolder = request.type === "image_folder";
    const isDone = facts !== null && decisions !== null &&
      (!isFolder || fileExists(this.#files.split));
    listener.stage("pictures", 1, this.#stages.length, isDone ? "done before" : "anew");
    if (isDone && isFolder) this.#noticeOthers(facts!);
    if (!isDone) {
      facts = isFolder ? await this.#lookAtFolder() : await this.#lookAtDataset();
      decisions = decide(request, facts);
      this.#save({ facts, decisions });
    }
    listener.decided(facts!, decisions!);
    return { facts: facts!, decisions: decisions! };
  }

  /** Pictures that came or went since they were looked at. */
  #noticeOthers({ images, test }: SavedFacts): void {
    const { folder, request: { pictures }, listener } = this.options;
    const now = countPictures(pictures, readImageSplit(this.#files.split));
    if (now === images + test) return;
    listener.warn(
      `${pictures} has ${now} pictures now and had ${
        images + test
      } when ${folder} was begun; --overwrite begins again with them`,
    );
  }

  async #lookAtFolder(): Promise<SavedFacts> {
    const { request, listener, workers, signal, gpu } = this.options;
    const found = await lookAtPictures(request.pictures, {
      workers,
      signal,
      share: request.share,
      seed: request.seed,
      onProgress: (done, total) => listener.progress("pictures", done, total),
    });
    listener.pictures(found);
    writeImageSplit(this.#files.split, found.split);
    const held = found.split.validation.length;
    return {
      ...{ images: found.train - held, test: found.test + held, classes: found.classes.length },
      ...{ names: found.classes, channels: 3, side: found.side, fixed: null },
      ...this.#teacherFacts(),
      software: gpu.software,
    };
  }

  #teacherFacts(family: SavedFacts["family"] = null): Pick<Facts, "family" | "taught"> {
    const { teacher } = this.options;
    return { family: teacher?.family ?? family, taught: teacher?.preprocessing?.height ?? null };
  }

  async #lookAtDataset(): Promise<SavedFacts> {
    const { request: { type }, gpu } = this.options;
    const config = runConfig("alone", this.#files, this.options.request, UNDECIDED);
    const { train, test } = await this.#load(config);
    const { height, channels, classes } = train;
    return {
      ...{ images: train.length, test: test.length, classes: classes.length, names: classes },
      ...{ channels, side: height, fixed: height },
      ...this.#teacherFacts(findDataset(type)?.models),
      software: gpu.software,
    };
  }

  #save(change: Partial<PipelineState>): void {
    this.#state = { ...this.#state, ...change };
    writeState(this.#files.state, this.#state);
  }

  /** The configurations of all runs, which are written for `train --cfg`. */
  #configs(decisions: Decisions): Record<RunName, Config> {
    const { request } = this.options;
    const of = (run: RunName) => runConfig(run, this.#files, request, decisions);
    const configs = {
      teacher: of("teacher"),
      student: of("student"),
      alone: of("alone"),
      kd: of("kd"),
    };
    for (const run of this.#runs()) {
      writeFileAtomic(this.#files.config(run), configToYaml(configs[run]));
    }
    return configs;
  }

  /** The runs that are trained. */
  #runs(): RunName[] {
    const { request, compare } = this.options;
    return [
      ...(request.teacherFile === null ? ["teacher"] as const : []),
      "student",
      ...(compare ? ["alone", "kd"] as const : []),
    ];
  }

  #isDone(name: StageName, configs: Record<RunName, Config>): boolean {
    if (name === "teacher" && this.options.request.teacherFile !== null) return true;
    if (name === "pictures" || name === "cost matrix" || name === "measure") return false;
    return this.#state.runs[name] !== undefined && fileExists(bestOf(configs[name]));
  }

  /** Does a stage; returns whether it came to its end. */
  async #do(name: StageName, configs: Record<RunName, Config>): Promise<boolean> {
    const { signal } = this.options;
    signal.throwIfAborted();
    if (name === "cost matrix") await this.#makeMatrix(configs.student);
    else if (name === "measure") await this.#measure(configs);
    else if (name !== "pictures") return await this.#train(name, configs[name]);
    signal.throwIfAborted();
    return true;
  }

  async #load(config: Config): Promise<DatasetSplits> {
    return this.#splits ??= await loadDataset(config.DATASET, this.options.callbacks);
  }

  async #train(name: RunName, config: Config): Promise<boolean> {
    const { gpu, listener, signal, resumeCommand } = this.options;
    const splits = await this.#load(config);
    using folder = new RunFolder(runFolder(config), (message) => listener.warn(message));
    folder.refuseInTheWay(config);
    await announce(this.options.group, { kind: "run", config });
    const { finished, state } = await runWithFiles({
      gpu,
      config,
      splits,
      folder,
      start: startWhereStopped(folder.path, config),
      sink: listener.run(
        name,
        config.SOLVER.EPOCHS,
        (seconds, part) => this.#left.during(name, seconds, part),
      ),
      ...{ signal, resumeCommand, group: this.options.group },
    });
    if (!finished) return false;
    const { lastTop1, bestTop1, bestEpoch, seconds } = state;
    this.#left.took(name, seconds);
    this.#save({
      runs: { ...this.#state.runs, [name]: { lastTop1, bestTop1, bestEpoch, seconds } },
    });
    return true;
  }

  async #makeMatrix(config: Config): Promise<void> {
    const { note, warn, progress } = this.options.listener;
    const splits = await this.#load(config);
    await announce(this.options.group, { kind: "matrix", config });
    await advising(
      () => smaller(runSizes(config, splits)),
      () =>
        makeMatrix(
          this.options.group,
          config,
          splits,
          (teacher, parts) =>
            ownCostMatrix(config, teacher, splits.train, this.#files.costMatrix, {
              ...{ ...parts, note, warn, progress },
            }),
        ),
    );
  }

  async #measure(configs: Record<RunName, Config>): Promise<void> {
    const { gpu, listener, signal, request } = this.options;
    const { test } = await this.#load(configs.student);
    const trained = (run: RunName) => ({ run, path: bestOf(configs[run]) });
    const { teacherFile } = request;
    const models = [
      teacherFile === null ? trained("teacher") : { run: "teacher" as const, path: teacherFile },
      ...this.#runs().filter((run) => run !== "teacher").map(trained),
    ];
    for (const { run, path } of models) {
      const config = run === "teacher" ? configs.student : configs[run];
      await announce(this.options.group, { kind: "measure", config, run, path });
      const row = await measureModel({
        ...{ gpu, test, path, run, signal, config, group: this.options.group },
        progress: (done, total) => listener.progress(`measuring ${run}`, done, total),
      });
      if (row) this.#rows.push(row);
    }
  }
}

/** The best checkpoint of what a configuration's run trains. */
function bestOf(config: Config): string {
  return checkpointPath(runFolder(config), "student_best", config.LOG.CHECKPOINT_FORMAT);
}

/** For a configuration of which only the data set is read. */
const UNDECIDED: Decisions = {
  ...{ size: 32, transform: "cifar", family: null, batch: 1, epochs: 1, lr: 1, warmup: 0 },
  ...{ teacher: "resnet8", student: "resnet8", why: [] },
};
