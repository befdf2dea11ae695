import { choice, float, int } from "../config/field.ts";
import { UserError } from "../errors.ts";
import type { Model } from "../models/model.ts";
import { Linear } from "../nn/linear.ts";
import { Module } from "../nn/module.ts";
import { noGrad } from "../tensor/autograd.ts";
import type { Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { ContrastMemory, type ContrastMemoryOptions } from "./parts/contrast_memory.ts";
import { ContrastSampler, type ContrastSource } from "./parts/contrast_sampler.ts";
import { defineDistiller } from "./definition.ts";
import type { BatchInfo, Distiller, DistillerOutput, Schedule } from "./distiller.ts";
import { featureLoss, lossWeights } from "./shared_keys.ts";
import { Targets } from "./targets.ts";

/** Options of {@linkcode CRD}, as in the configuration's `CRD` section. */
export interface CRDOptions {
  /** Weight of the cross-entropy. */
  readonly ceWeight: number;
  /** Weight of the contrastive loss. */
  readonly featWeight: number;
  /** Width of the student's pooled feature. */
  readonly studentDim: number;
  /** Width of the teacher's pooled feature. */
  readonly teacherDim: number;
  /** The memory of embeddings. */
  readonly memory: ContrastMemoryOptions;
  /** Chooses the images to compare with. */
  readonly source: ContrastSource;
}

/**
 * Contrastive representation distillation: embeddings of an image by student and teacher should be nearer to each other
 * than to those of other images (Tian et al., ICLR 2020). mdistiller: `CRD`.
 */
export class CRD implements Distiller {
  /** Reads no features before a ReLU. */
  readonly readsPreact = false;
  /** `embed_s`, `embed_t` and `contrast`, the memory. */
  readonly extraModules: Readonly<Record<string, Module>>;
  /** An embedding of a mixed image is none of an image in the memory. */
  readonly refusesMixing = "its memory holds one embedding of each image as it is";
  readonly #embedStudent: Embed;
  readonly #embedTeacher: Embed;
  readonly #contrast: ContrastMemory;

  /** The teacher should be in eval mode and want no gradients. */
  constructor(readonly student: Model, readonly teacher: Model, readonly options: CRDOptions) {
    const { studentDim, teacherDim, memory } = options;
    this.#embedStudent = new Embed(studentDim, memory.dim);
    this.#embedTeacher = new Embed(teacherDim, memory.dim);
    this.#contrast = new ContrastMemory(memory);
    this.extraModules = {
      embed_s: this.#embedStudent,
      embed_t: this.#embedTeacher,
      contrast: this.#contrast,
    };
  }

  /**
   * The loss does not depend on the epoch, and what is drawn comes from tensors. But the first step of processes that share a
   * batch sets the memory's constants from all of it.
   */
  sameSchedule(): boolean {
    return !this.#contrast.settling;
  }

  /** Lets the source know the batch. */
  startStep(batch: BatchInfo, schedule: Schedule): void {
    this.options.source.startStep(batch, schedule);
  }

  /** `loss_ce` and `loss_kd` of one batch. */
  forwardTrain(
    images: Tensor,
    labels: Tensor,
    _schedule?: Schedule,
    targets: Targets = new Targets(labels),
  ): DistillerOutput {
    const { ceWeight, featWeight, source } = this.options;
    const { logits, features } = this.student.forward(images);
    const teacher = noGrad(() => this.teacher.forward(images).features.pooledFeat);
    const drawn = source.draw(labels);
    const loss = this.#contrast.forward(
      this.#embedStudent.forward(features.pooledFeat),
      this.#embedTeacher.forward(teacher),
      drawn.images,
      drawn.index,
      drawn.numbers,
    );
    return {
      logits,
      losses: {
        loss_ce: targets.crossEntropy(logits).mul(ceWeight),
        loss_kd: loss.mul(featWeight),
      },
    };
  }

  /** Frees what is not in the models or the extra modules. */
  dispose(): void {
    this.options.source.dispose();
  }
}

/** CRD in the configuration. */
export const DEFINITION = defineDistiller({
  name: "CRD",
  doc: "Embeddings that are near for the same image (Tian et al., 2020).",
  acrossImages: "remembers",
  keys: {
    MODE: choice(["exact", "relax"], "exact", "How negatives are drawn."),
    FEAT: {
      DIM: int(128, "Width of the embedding.", { min: 1, memory: true }),
      STUDENT_DIM: int(256, "Width of the student's pooled feature.", { min: 1 }),
      TEACHER_DIM: int(256, "Width of the teacher's pooled feature.", { min: 1 }),
    },
    LOSS: featureLoss(0.8),
    NCE: {
      K: int(16384, "Negatives per sample.", { min: 1, memory: true }),
      MOMENTUM: float(0.5, "Momentum of the memory bank.", { min: 0, max: 1 }),
      TEMPERATURE: float(0.07, "Temperature of the contrast.", { above: 0 }),
    },
  },
  build({ student, teacher, studentName, teacherName, images, seed, options, featureShapes }) {
    const { MODE, FEAT, NCE } = options;
    const shapes = featureShapes();
    checkWidth(studentName, shapes.student.pooledFeat, "CRD.FEAT.STUDENT_DIM", FEAT.STUDENT_DIM);
    checkWidth(teacherName, shapes.teacher.pooledFeat, "CRD.FEAT.TEACHER_DIM", FEAT.TEACHER_DIM);
    return new CRD(student, teacher, {
      ...lossWeights(options.LOSS),
      studentDim: FEAT.STUDENT_DIM,
      teacherDim: FEAT.TEACHER_DIM,
      memory: {
        images: images.length,
        dim: FEAT.DIM,
        negatives: NCE.K,
        temperature: NCE.TEMPERATURE,
        momentum: NCE.MOMENTUM,
      },
      source: new ContrastSampler({
        labels: images.labels,
        classes: images.classes.length,
        negatives: NCE.K,
        mode: MODE,
        seed,
      }),
    });
  },
});

function checkWidth(name: string, [, width]: Shape, key: string, wanted: number): void {
  if (width === wanted) return;
  throw new UserError(`${key} is ${wanted}, but ${name}'s pooled feature has ${width} numbers`);
}

/** A linear layer whose results are divided by their length. mdistiller: `Embed`. */
class Embed extends Module {
  readonly linear: Linear;

  /** From `inputs` to `outputs` numbers a sample. */
  constructor(inputs: number, outputs: number) {
    super();
    this.linear = new Linear(inputs, outputs);
  }

  /** [N, ...] with `inputs` numbers a sample to [N, outputs]. */
  forward(x: Tensor): Tensor {
    const y = this.linear.forward(x.flatten(1)).to("float32");
    return y.div(y.pow(2).sum({ dims: 1, keepDims: true }).sqrt());
  }
}
