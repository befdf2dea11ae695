import { uniform } from "../nn/init.ts";
import { Module } from "../nn/module.ts";
import { contrastLoss } from "../ops/losses/contrast_loss.ts";
import { memoryUpdate } from "../ops/losses/memory_update.ts";
import { tensor } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Sizes and constants of {@linkcode ContrastMemory}. */
export interface ContrastMemoryOptions {
  /** Images of the training set. */
  readonly images: number;
  /** Width of an embedding. */
  readonly dim: number;
  /** Images of other classes for each sample. */
  readonly negatives: number;
  /** Divides the products. */
  readonly temperature: number;
  /** Share of a row that stays when its image is seen. */
  readonly momentum: number;
}

/** Where `params` hold the normalisation constants, negative until the first step. */
const Z_STUDENT = 2;
const Z_TEACHER = 3;

/**
 * Embeddings of every training image by student and by teacher, as they were when the image was last seen. Buffers, not
 * parameters. mdistiller: `ContrastMemory`.
 */
export class ContrastMemory extends Module {
  /** Negatives, temperature, the normalisation constants of student and teacher, momentum: [5]. */
  readonly params: Tensor;
  /** The student's, [images, dim]. */
  readonly memory_v1: Tensor;
  /** The teacher's, [images, dim]. */
  readonly memory_v2: Tensor;
  readonly #options: ContrastMemoryOptions;

  /** Random embeddings from the generator of `manualSeed`. */
  constructor(options: ContrastMemoryOptions) {
    super();
    const { images, dim, negatives, temperature, momentum } = options;
    const bound = Math.sqrt(3 / dim);
    const shape = [images, dim];
    this.params = tensor([negatives, temperature, -1, -1, momentum]).keep();
    this.memory_v1 = tensor(uniform(shape, -bound, bound), shape).keep();
    this.memory_v2 = tensor(uniform(shape, -bound, bound), shape).keep();
    this.#options = options;
  }

  /**
   * The contrastive losses of both embeddings, added; then moves the images' rows towards them.
   *
   * @param student [N, dim], unit vectors
   * @param teacher [N, dim], unit vectors
   * @param images positions of the images, int32 [N]
   * @param index rows to compare with, the positive first, int32 [N, 1 + negatives]
   */
  forward(student: Tensor, teacher: Tensor, images: Tensor, index: Tensor): Tensor {
    const { temperature, momentum } = this.#options;
    const common = { index, constants: this.params, temperature };
    const loss = contrastLoss(student, { ...common, memory: this.memory_v2, slot: Z_STUDENT })
      .add(contrastLoss(teacher, { ...common, memory: this.memory_v1, slot: Z_TEACHER }));
    memoryUpdate(this.memory_v1, images, student, momentum);
    memoryUpdate(this.memory_v2, images, teacher, momentum);
    return loss;
  }

  /** All of them. */
  protected override bufferNames(): readonly string[] {
    return ["params", "memory_v1", "memory_v2"];
  }
}
