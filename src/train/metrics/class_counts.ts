import type { Group } from "../../parallel/group.ts";

/** How many images of a class there are, and how many of them were recognised. */
export interface ClassCount {
  /** Images of the class. */
  readonly images: number;
  /** Those of them that the model put first into the right class. */
  readonly correct: number;
}

/** Counts right predictions by class. */
export class ClassCounts {
  readonly #images: Uint32Array;
  readonly #correct: Uint32Array;

  /** All zero. */
  constructor(classes: number) {
    this.#images = new Uint32Array(classes);
    this.#correct = new Uint32Array(classes);
  }

  /** Counts a batch: the classes found and the right ones, [N] each. */
  readonly add = (predicted: Int32Array, labels: Int32Array): void => {
    labels.forEach((label, i) => {
      this.#images[label]++;
      if (predicted[i] === label) this.#correct[label]++;
    });
  };

  /** Adds those of all processes, which have different images. */
  async sum(group: Group): Promise<void> {
    const all = Float32Array.of(...this.#images, ...this.#correct);
    await group.allReduceSum(all);
    this.#images.set(all.subarray(0, this.#images.length));
    this.#correct.set(all.subarray(this.#images.length));
  }

  /** The counts of every class, in the order of the classes. */
  get counts(): ClassCount[] {
    return Array.from(this.#images, (images, label) => ({ images, correct: this.#correct[label] }));
  }
}
