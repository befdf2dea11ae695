import { uniform } from "../../nn/init.ts";
import { Module } from "../../nn/module.ts";
import { contrastLoss } from "../../ops/losses/contrast_loss.ts";
import { gatherIndexed } from "../../ops/gather_batch.ts";
import { memoryUpdate } from "../../ops/losses/memory_update.ts";
import { cat } from "../../ops/shape/cat.ts";
import { tensor, zeros } from "../../tensor/create.ts";
import { sharedBatch } from "../../tensor/shared_batch.ts";
import type { Tensor } from "../../tensor/tensor.ts";

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
  /** Whether the recording under way sets the normalisation constants from the batches of all processes. */
  settling = false;
  #settled = false;

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
   * The contrastive losses of both embeddings, added; then moves the images' rows towards them. Where processes share the
   * batch, all of them move the rows of all its images.
   *
   * @param student [N, dim], unit vectors
   * @param teacher [N, dim], unit vectors
   * @param images positions of the images, int32 [N]
   * @param index rows to compare with, the positive first, int32 [N, 1 + negatives]
   * @param numbers the positions of the images of the batch under way, on the host
   */
  forward(
    student: Tensor,
    teacher: Tensor,
    images: Tensor,
    index: Tensor,
    numbers: () => Int32Array = () => new Int32Array(),
  ): Tensor {
    const { temperature, momentum } = this.#options;
    const batch = sharedBatch();
    this.settling = batch !== null && !this.#settled;
    this.#settled = batch !== null;
    const shared = this.settling ? batch : null;
    const common = { index, constants: this.params, temperature, shared };
    const loss = contrastLoss(student, { ...common, memory: this.memory_v2, slot: Z_STUDENT })
      .add(contrastLoss(teacher, { ...common, memory: this.memory_v1, slot: Z_TEACHER }));
    const both = [[this.memory_v1, student], [this.memory_v2, teacher]] as const;
    if (!batch) {
      for (const [memory, own] of both) memoryUpdate(memory, images, own, momentum);
      return loss;
    }
    const wholeImages = zeros([batch.size], { dtype: "int32" });
    const rows = cat([student.detach(), teacher.detach()], 1);
    const whole = gatherIndexed(rows, batch, numbers, wholeImages);
    const [, dim] = student.shape;
    for (const [i, [memory]] of both.entries()) {
      const all = whole.slice(1, i * dim, (i + 1) * dim);
      memoryUpdate(memory, wholeImages, all, momentum);
    }
    return loss;
  }

  /** All of them. */
  protected override bufferNames(): readonly string[] {
    return ["params", "memory_v1", "memory_v2"];
  }
}
