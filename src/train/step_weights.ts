import type { Gpu } from "../gpu/gpu.ts";
import type { Recording } from "../gpu/recording.ts";
import { FoldedTeacher } from "../models/folded_teacher.ts";
import type { Model } from "../models/model.ts";
import { WeightPacks } from "../ops/conv/weight_packs.ts";

/** The weights that a recorded step reads in another form: a teacher's, prepared once, and packed ones, made before each step. */
export class StepWeights {
  /** Null where there is no teacher. */
  readonly #teacher: FoldedTeacher | null;
  readonly #packs: WeightPacks;
  #packing: Recording | null = null;
  #packed = 0;
  #moves = false;

  /** Prepares nothing yet. */
  constructor(readonly gpu: Gpu, teacher: Model | null) {
    this.#teacher = teacher && new FoldedTeacher(teacher);
    this.#packs = new WeightPacks(gpu);
  }

  /** What packs the weights before a step; null while none are. */
  get packing(): Recording | null {
    return this.#packing;
  }

  /** Prepares the teacher's again where the host has written to them. */
  refresh(): void {
    if (this.#teacher?.stale) this.#teacher.refresh();
  }

  /** Packs the others again; returns milliseconds of JavaScript. */
  pack(): number {
    return this.#packing?.replay() ?? 0;
  }

  /** Runs what is being recorded. */
  run(fn: () => void): void {
    const writes = this.#teacher?.writes;
    this.#packs.run(fn);
    this.#moves = writes !== this.#teacher?.writes;
  }

  /**
   * Has what was packed for the first time packed again before later steps.
   *
   * @returns false where what was recorded must not be replayed: the distiller moves its teacher, which is not folded from now on
   */
  async recorded(): Promise<boolean> {
    if (this.#packed < this.#packs.size) {
      this.#packed = this.#packs.size;
      this.#packing?.dispose();
      this.#packing = await this.gpu.record(() => this.#packs.pack());
    }
    const moves = this.#moves;
    this.#moves = false;
    if (moves) this.#teacher!.unfold();
    return !moves;
  }

  /** Frees all of it; recordings made with it can no longer be replayed. */
  dispose(): void {
    this.#teacher?.dispose();
    this.#packing?.dispose();
    this.#packs.dispose();
  }
}
