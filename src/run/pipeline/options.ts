import type { DatasetCallbacks } from "../../data/dataset_config.ts";
import type { Gpu } from "../../gpu/gpu.ts";
import type { Group } from "../../parallel/group.ts";
import type { EventSink } from "../../train/events.ts";
import type { ClassifierCard } from "../models/classifier_card.ts";
import type { Decisions, DistillRequest } from "./decisions.ts";
import type { ModelRow } from "./measure.ts";
import type { Pictures } from "./pictures.ts";
import type { RunName } from "./plan.ts";
import type { SavedFacts } from "./state.ts";

/** What a pipeline does, one after the other. */
export type StageName = "pictures" | "cost matrix" | RunName | "measure";

/** Who hears how a pipeline goes. */
export interface PipelineListener {
  /** A stage begins, was done before, or has nothing to do, since what it makes was given. */
  stage(name: StageName, at: number, of: number, how: "anew" | "done before" | "given"): void;
  /** The pictures were looked at. */
  pictures(found: Pictures): void;
  /** It was decided how to go on. */
  decided(facts: SavedFacts, decisions: Decisions): void;
  /** Part of a stage is done. */
  progress(what: string, done: number, total: number): void;
  /** Hears a run; `left` says how many seconds all that is to come still takes, from what the run itself does. */
  run(
    name: RunName,
    epochs: number,
    left: (secondsLeft: number, part: number) => number,
  ): EventSink;
  /** Something worth knowing. */
  note(message: string): void;
  /** Something is not as it should be. */
  warn(message: string): void;
}

/** What a pipeline needs. */
export interface PipelineOptions {
  /** The device. */
  readonly gpu: Gpu;
  /** Its folder, which this process has for itself. */
  readonly folder: string;
  /** What is asked for. */
  readonly request: DistillRequest;
  /** Whether the student is trained alone and with KD, too. */
  readonly compare: boolean;
  /** What the teacher's file holds; null where it is trained. */
  readonly teacher: ClassifierCard | null;
  /** The processes that do it together, of which this is rank 0. */
  readonly group: Group;
  /** Threads that decode pictures. */
  readonly workers: number;
  /** Stops it; what is done is kept. */
  readonly signal: AbortSignal;
  /** The command that goes on. */
  readonly resumeCommand: string;
  /** Told what a data set takes to load. */
  readonly callbacks: DatasetCallbacks;
  readonly listener: PipelineListener;
}

/** How a pipeline ended. */
export interface PipelineResult {
  /** What the models take and do. */
  readonly rows: readonly ModelRow[];
  /** File of the student with the best accuracy. */
  readonly student: string;
  /** Images that were measured on. */
  readonly test: number;
}
