import { modelFamily } from "../../models/family.ts";
import { modelCost } from "../../models/model_cost.ts";
import { familyOf } from "../../models/registry.ts";
import type { Decisions } from "./decisions.ts";
import type { StageName } from "./options.ts";
import type { RunName } from "./plan.ts";
import type { PipelineState, SavedFacts } from "./state.ts";

/** Multiply-adds of a training step against those of a forward pass. */
const TRAINING = 3;

/** The work of a stage: in multiply-adds, or anything else that is the same for all. */
interface StageWork {
  readonly name: string;
  readonly work: number;
}

/** Estimates how long the stages of a pipeline still take, by the work that each has and how fast it went so far. */
export class TimeLeft {
  readonly #left: Map<string, number>;
  #done = 0;
  #seconds = 0;
  /** Work a second of the stage under way, by its own estimate. */
  #last = 0;

  /** Nothing is done yet. */
  constructor(stages: readonly StageWork[]) {
    this.#left = new Map(stages.map(({ name, work }) => [name, work]));
  }

  /** A stage is done, or was before: it takes no more time. */
  finish(stage: string): void {
    this.#left.set(stage, 0);
  }

  /**
   * Seconds until all is done; infinite before anything is known.
   *
   * @param stage the one under way
   * @param secondsLeft what it takes itself
   * @param part of it that is left
   */
  during(stage: string, secondsLeft: number, part: number): number {
    const own = this.#left.get(stage) ?? 0;
    if (own * part > 0 && secondsLeft > 0) this.#last = own * part / secondsLeft;
    const rate = this.#last || this.#rate;
    const others = [...this.#left].filter(([name]) => name !== stage)
      .reduce((sum, [, work]) => sum + work, 0);
    return secondsLeft + (rate > 0 ? others / rate : Infinity);
  }

  /** Tells how long a stage took that is done now. */
  took(stage: string, seconds: number): void {
    this.#done += this.#left.get(stage) ?? 0;
    this.#seconds += seconds;
    this.#last = 0;
    this.finish(stage);
  }

  get #rate(): number {
    return this.#seconds > 0 ? this.#done / this.#seconds : 0;
  }
}

/**
 * Multiply-adds that a stage still takes.
 *
 * @param trained the runs of the pipeline
 */
export function stageWork(
  name: StageName,
  { facts, decisions, runs }: PipelineState & { facts: SavedFacts; decisions: Decisions },
  trained: readonly RunName[],
): number {
  const { images, test, classes: numClasses, channels: inChannels } = facts;
  const { epochs, size: imageSize, family } = decisions;
  const cost = (model: string) => {
    const own = familyOf(model, family ?? modelFamily(imageSize));
    return modelCost(model, { family: own, numClasses, inChannels, imageSize }).multiplyAdds;
  };
  const [teacher, student] = [cost(decisions.teacher), cost(decisions.student)];
  const training = (model: number, taught: number) =>
    epochs * (images * (TRAINING * model + taught) + test * model);
  if (name === "pictures" || runs[name as RunName]) return 0;
  if (name === "measure") return 2 * test * (teacher + (trained.length - 1) * student);
  if (name === "cost matrix") return images * teacher;
  if (name !== "teacher") return training(student, name === "alone" ? 0 : teacher);
  return trained.includes("teacher") ? training(teacher, 0) : 0;
}
