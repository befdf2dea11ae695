import type { BatchSource } from "../data/loading/batch.ts";
import type { Model, ModelOutput } from "../models/model.ts";
import { autocast } from "../tensor/autocast.ts";
import { noGrad } from "../tensor/autograd.ts";
import { tensor } from "../tensor/create.ts";
import { readBack } from "../tensor/read_back.ts";
import { scope } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { findNotFinite, notFiniteName } from "./not_finite.ts";
import { keptEpoch, TrainingError } from "./training_error.ts";

/**
 * What to tell of a test loss that is infinite or NaN. A deep network's running statistics lag behind its weights in the
 * first epochs, and training does not read them, so that the run goes on, as in PyTorch.
 *
 * @throws TrainingError where the weights are not finite numbers, which no more training mends
 */
export async function explainTestLoss(
  loss: number,
  student: Model,
  epoch: number,
): Promise<string> {
  const weights = findNotFinite(await readBack(student.namedParameters()));
  if (weights) {
    throw new TrainingError(
      `the student's weights are not finite numbers after epoch ${epoch}: ${weights}` +
        `${keptEpoch(epoch)}; lower SOLVER.LR or the loss weights`,
    );
  }
  const statistics = findNotFinite(await readBack(student.namedBuffers()));
  const what = `the loss over the test images is ${notFiniteName(loss)} at epoch ${epoch}`;
  return statistics
    ? `${what}: the running statistics of batch normalisation hold ${statistics}, and stay so; training does not ` +
      "read them and goes on, but the student cannot be evaluated"
    : `${what}: the running statistics of batch normalisation may lag behind the weights; training does not read ` +
      "them and goes on; lower SOLVER.LR if this lasts";
}

/** Where a training loss was not finite. */
interface BadStep {
  /** The batches it came from. */
  readonly train: BatchSource;
  /** Its epoch, counted from 1. */
  readonly epoch: number;
  /** Its step of the epoch, counted from 1. */
  readonly step: number;
  /** Whether networks ran in float16. */
  readonly half: boolean;
}

/**
 * What a teacher makes of the batch of a bad step that is not finite, so that the loss could not be; null where all of it
 * is finite.
 */
export async function explainTeacher(teacher: Model, bad: BadStep): Promise<string | null> {
  const { train, epoch, step, half } = bad;
  for await (const { images, size } of train.epoch(epoch, { startStep: step - 1 })) {
    const { channels, height, width } = train.dataset;
    const shape = [size, channels, height, width];
    const found = await teach(teacher, images.subarray(0, size * channels * height * width), {
      shape,
      half,
    });
    if (!found) return null;
    const mend = half
      ? "float16 ends at 65504: set SOLVER.AMP False, or use another DISTILLER.TEACHER_CHECKPOINT"
      : "use another DISTILLER.TEACHER_CHECKPOINT";
    return `the loss is not a finite number at epoch ${epoch}, step ${step}, since the teacher's is not: ${found}; ${mend}`;
  }
  return null;
}

async function teach(
  teacher: Model,
  images: Float32Array,
  { shape, half }: { shape: number[]; half: boolean },
): Promise<string | null> {
  const input = tensor(images, shape);
  const forward = () => noGrad(() => outputs(teacher.forward(input)));
  const made = scope(() => half ? autocast(forward) : forward());
  try {
    for (const [name, output] of made) {
      const found = findNotFinite([[name, { data: await output.data() }]]);
      if (found) return found;
    }
    return null;
  } finally {
    for (const output of new Set(made.map(([, each]) => each))) output.dispose();
    input.dispose();
  }
}

/** All that a distiller can compare, by names for a message. */
function outputs({ logits, features }: ModelOutput): [string, Tensor][] {
  const { feats, preactFeats, pooledFeat } = features;
  const numbered = (name: string, all: readonly Tensor[]) =>
    all.map((each, i): [string, Tensor] => [`${name} ${i}`, each.to("float32")]);
  return [
    ["its logits", logits.to("float32")],
    ["its pooled feature", pooledFeat.to("float32")],
    ...numbered("its feature", feats),
    ...numbered("its feature before the activation", preactFeats),
  ];
}
