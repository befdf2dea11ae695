import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import type { DatasetInfo } from "../../src/data/image_dataset.ts";
import { UserError } from "../../src/errors.ts";
import { createModel } from "../../src/models/registry.ts";
import { manualSeed } from "../../src/nn/init.ts";
import type { Checkpoint } from "../../src/run/checkpoint.ts";
import { asTeacher } from "../../src/run/teacher_normalisation.ts";
import { endStep } from "../../src/tensor/scope.ts";
import { device, procedural } from "../helpers.ts";

await device();
const IMAGENET = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
const FIGURES = { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] };
const DATASET = { channels: 3, ...FIGURES } as unknown as DatasetInfo;
const KEYS = (mean: number[], std: number[]) => ({ TEACHER: { MEAN: mean, STD: std } });

/** A checkpoint that says what its model was trained with. */
function saved(images: typeof FIGURES, channels = 3): Checkpoint {
  const preprocessing = { channels, height: 32, width: 32, resize: null, ...images };
  return {
    path: "t.safetensors",
    metadata: { preprocessing: JSON.stringify(preprocessing) },
  } as unknown as Checkpoint;
}

Deno.test("asTeacher() goes by the keys, then by the checkpoint, then by the student's images", async () => {
  const images = procedural("images", [1, 3, 8, 8]);
  /** What a teacher says of the images, and what is told. */
  const see = async (keys: ReturnType<typeof KEYS>, checkpoint?: Checkpoint) => {
    const told: string[] = [];
    manualSeed(1);
    const teacher = createModel("resnet8").eval();
    asTeacher(teacher, keys, DATASET, { checkpoint, note: (message) => told.push(message) });
    const logits = [...await teacher.forward(images).logits.data()];
    teacher.dispose();
    endStep();
    return { logits, told };
  };
  const plain = await see(KEYS([], []));
  const own = await see(KEYS(IMAGENET.mean, IMAGENET.std), saved(FIGURES));
  assertNotEquals(own.logits, plain.logits);
  assertEquals(own.told, []);
  assertEquals(await see(KEYS([], []), saved(IMAGENET)), {
    logits: own.logits,
    told: [
      "the teacher's images are normalised as t.safetensors says it was trained: mean 0.485 0.456 0.406, " +
      "std 0.229 0.224 0.225 (TEACHER.MEAN and TEACHER.STD say otherwise)",
    ],
  });
  assertEquals(await see(KEYS([], []), saved(FIGURES)), plain);
  assertEquals(await see(KEYS([], []), saved({ mean: [0.3], std: [0.3] }, 1)), plain);
  images.dispose();
});

Deno.test("asTeacher() refuses keys that do not fit the images", () => {
  const teacher = createModel("resnet8");
  for (const keys of [KEYS([0.5], [0.2]), KEYS(IMAGENET.mean, [])]) {
    assertThrows(() => asTeacher(teacher, keys, DATASET), UserError, "images' 3 channels");
  }
  teacher.dispose();
});
