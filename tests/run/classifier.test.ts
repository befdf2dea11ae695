import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { convert } from "../../src/cli/convert.ts";
import { CIFAR_CLASSES } from "../../src/data/cifar/cifar_names.ts";
import { loadFashionMnist } from "../../src/data/fashion_mnist/fashion_mnist.ts";
import { loadConfig } from "../../src/config/resolve_config.ts";
import { UserError } from "../../src/errors.ts";
import { createModel } from "../../src/models/registry.ts";
import { loadCheckpoint, saveCheckpoint } from "../../src/run/checkpoint.ts";
import { classifierFile, openClassifier } from "../../src/run/classifier.ts";
import { readCard } from "../../src/run/classifier_card.ts";
import { readBack } from "../../src/tensor/read_back.ts";
import { cli } from "../cli/helpers.ts";
import { device } from "../helpers.ts";
import { inTempDir } from "../temp_dir.ts";
import { openRun } from "../train/helpers.ts";

const SHIPPED = "checkpoints/fashion_mnist/resnet20.safetensors";
const GREY = { channels: 1, height: 28, width: 28, resize: null, mean: [0.286], std: [0.353] };
const IMAGENET = {
  ...{ channels: 3, height: 224, width: 224, resize: 256 },
  ...{ mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
};

async function writeModel(
  path: string,
  name: string,
  options: { numClasses?: number; inChannels?: number; family?: "cifar" | "imagenet" },
  metadata: Record<string, string> = {},
): Promise<string> {
  await device();
  const model = createModel(name, options);
  saveCheckpoint(path, await readBack(model.stateDict()), metadata);
  model.dispose();
  return path;
}

for (const format of ["torch", "safetensors"]) {
  Deno.test(`class names and preprocessing travel in a run's ${format} files, and through convert`, async () => {
    const gpu = await device();
    await inTempDir(async (folder) => {
      const { run } = await openRun(gpu, folder, [
        ...["DISTILLER.TYPE", "NONE", "LOG.CHECKPOINT_FORMAT", format],
      ]);
      await run.files.save("best", run.state);
      run.dispose();
      const end = format === "torch" ? "" : ".safetensors";
      assertEquals(classifierFile(folder), join(folder, `student_best${end}`));
      const { classes } = (await loadFashionMnist()).test;
      for (const name of ["latest", "best", "student_latest", "student_best"]) {
        const { metadata } = loadCheckpoint(join(folder, name + end));
        assertEquals(JSON.parse(metadata.classes), classes);
        assertEquals(JSON.parse(metadata.preprocessing), GREY);
      }
      const notes: string[] = [];
      const { model, card, path } = openClassifier(folder, {}, (note) => notes.push(note));
      assertEquals([path, model.training, notes], [classifierFile(folder), false, []]);
      assertEquals(card, {
        ...{ model: "resnet8", family: "cifar", numClasses: 10, inChannels: 1 },
        ...{ classes, preprocessing: GREY },
      });
      model.dispose();
      const other = join(folder, format === "torch" ? "student.safetensors" : "student.pth");
      const { log } = console;
      console.log = () => {};
      try {
        convert(join(folder, `latest${end}`), other, {});
      } finally {
        console.log = log;
      }
      assertEquals(readCard(loadCheckpoint(other), {}, () => {}), card);
      const { stdout } = await cli("inspect", other);
      assertStringIncludes(stdout, "10: T-shirt/top, Trouser, Pullover, Dress, and 6 more\n");
      assertStringIncludes(stdout, "1 x 28 x 28; mean 0.286, std 0.353\n");
    });
  });
}

Deno.test("readCard() follows the configuration that an older checkpoint carries", () => {
  const card = readCard(loadCheckpoint(SHIPPED), {}, () => {});
  assertEquals(card.preprocessing, GREY);
  assertEquals(card.classes?.at(-1), "Ankle boot");
  const { tensors, ...rest } = loadCheckpoint(SHIPPED);
  const lost = {
    ...rest,
    tensors,
    metadata: { config: "EXPERIMENT:\n  IMPORT: [mine.ts]\nDATASET:\n  TYPE: mine\n" },
  };
  assertThrows(
    () => readCard(lost, { model: "resnet20" }, () => {}),
    UserError,
    "the configuration was made with --import mine.ts: add --import mine.ts",
  );
});

Deno.test("readCard() finds the only model that the tensors fit, and prepares pictures as its family does", async () => {
  await inTempDir(async (folder) => {
    const read = async (
      name: string,
      options: Parameters<typeof writeModel>[2],
      overrides = {},
    ) => {
      const path = await writeModel(join(folder, `${name}.safetensors`), name, options);
      const notes: string[] = [];
      const card = readCard(loadCheckpoint(path), overrides, (note) => notes.push(note));
      return { card, notes: notes.join("\n") };
    };
    const large = await read("ResNet18", { numClasses: 5, family: "imagenet" });
    assertEquals([large.card.model, large.card.family], ["ResNet18", "imagenet"]);
    assertEquals([large.card.numClasses, large.card.classes], [5, null]);
    assertEquals(large.card.preprocessing, IMAGENET);
    assertStringIncludes(
      large.notes,
      "its tensors fit ResNet18 of imagenet (5 classes, 3 channels)",
    );
    assertStringIncludes(large.notes, "they are as for ImageNet: 3 x 224 x 224, the centre of");
    const small = await read("resnet8", {});
    assertEquals([small.card.numClasses, small.card.preprocessing?.height], [100, 32]);
    assertEquals(small.card.preprocessing?.mean, [0.5071, 0.4867, 0.4408]);
    const grey = await read("resnet8", { inChannels: 1 });
    assertEquals(grey.card.preprocessing, null);
    const told = { size: 28, mean: [0.5], std: [0.25] };
    const said = await read("resnet8", { inChannels: 1 }, told);
    assertEquals(said.card.preprocessing, { ...GREY, mean: [0.5], std: [0.25] });
    assertEquals(said.notes.includes("prepared"), false);
    const half = await read("ResNet18", { family: "imagenet" }, { size: 112 });
    assertEquals([half.card.preprocessing?.width, half.card.preprocessing?.resize], [112, 128]);
    const cifar = loadConfig(null).DATASET;
    const named = await read("resnet8", {}, { dataset: cifar });
    assertEquals([named.card.classes?.[99], named.notes.includes("prepared")], ["worm", false]);
    for (
      const [overrides, message] of [
        [
          { dataset: { ...cifar, TYPE: "cifar10" } },
          "the data set cifar10 has 10 classes, and the",
        ],
        [{ classes: ["cat", "dog"] }, "--classes names 2 classes, and the model resnet8 has 100"],
        [{ mean: [0.5] }, "--mean wants 3 numbers, one for each channel; got 0.5"],
        [{ size: 64, resize: 32 }, "--resize must be at least the size 64"],
        [{ model: "resnet9" }, 'there is no model "resnet9"; did you mean resnet'],
      ] as const
    ) {
      let error: unknown;
      await read("resnet8", {}, overrides).catch((thrown) => error = thrown);
      assert(error instanceof UserError && error.message.includes(message), String(error));
    }
  });
});

Deno.test("CIFAR's class names are known without its files", () => {
  const { cifar10, cifar100 } = CIFAR_CLASSES;
  assertEquals([cifar10.length, cifar10[9]], [10, "truck"]);
  assertEquals([new Set(cifar100).size, cifar100], [100, cifar100.toSorted()]);
});

Deno.test("classifierFile() refuses a folder without a checkpoint", async () => {
  await inTempDir(async (folder) => {
    assertThrows(() => classifierFile(folder), UserError, "is a folder without a checkpoint");
    await Promise.resolve();
  });
});
