import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { fromFileUrl, join, toFileUrl } from "@std/path";
import { UserError } from "../../src/errors.ts";
import { readSafetensors } from "../../src/formats/safetensors/safetensors.ts";
import { createModel } from "../../src/models/registry.ts";
import { manualSeed } from "../../src/nn/init.ts";
import { checkPageFolder, exportWeb } from "../../src/web/export_web.ts";
import { device } from "../helpers.ts";
import { inTempDir } from "../temp_dir.ts";

await device();

const MODULE = fromFileUrl(new URL("../../examples/model.ts", import.meta.url));
const PREPROCESSING = {
  ...{ channels: 1, height: 28, width: 28, resize: null, mean: [0.286], std: [0.353] },
};
const CLASSES = Array.from({ length: 10 }, (_, i) => `c${i}`);

function resnet8(numClasses = 10) {
  manualSeed(1);
  const model = createModel("resnet8", { numClasses, inChannels: 1 }).eval();
  return { model, name: "resnet8", family: "cifar" } as const;
}

Deno.test("exportWeb() writes float16 weights, and an engine that knows the user's model", async () => {
  await inTempDir(async (parent) => {
    const folder = join(parent, "page");
    const student = resnet8();
    const { bias } = student.model.classifier;
    bias!.copy_(Float32Array.from(CLASSES, (_, i) => i === 0 ? 1e6 : i));
    const options = {
      ...{ folder, student, teacher: null, classes: CLASSES, preprocessing: PREPROCESSING },
    };
    const files = await exportWeb({ ...options, modules: [MODULE] });
    const there = [...Deno.readDirSync(folder)].map(({ name }) => name);
    assertEquals(files.map(({ name }) => name).sort(), there.sort());
    for (const { name, bytes } of files) {
      assertEquals(Deno.statSync(join(folder, name)).size, bytes);
    }
    const { tensors } = readSafetensors(Deno.readFileSync(join(folder, "student.safetensors")));
    const dtypes = ["conv1.weight", "fc.bias", "bn1.num_batches_tracked"]
      .map((name) => tensors.get(name)!.dtype);
    assertEquals(dtypes, ["F16", "F32", "I32"]);
    const card = JSON.parse(Deno.readTextFileSync(join(folder, "model.json")));
    assertEquals([card.teacher, card.student.parameters], [null, 77754]);
    const engine = await import(toFileUrl(join(folder, "wkd.js")).href);
    assert(engine.modelNames().includes("tiny_net"));
    await assertRejects(() => exportWeb(options), UserError, "replace it with --overwrite");
    student.model.dispose();
  });
});

Deno.test("exportWeb() refuses models of other classes, and modules that no browser runs", async () => {
  await inTempDir(async (parent) => {
    const [student, teacher] = [resnet8(), resnet8(7)];
    const options = {
      ...{ folder: join(parent, "page"), student, classes: CLASSES, preprocessing: PREPROCESSING },
    };
    await assertRejects(
      () => exportWeb({ ...options, teacher }),
      UserError,
      "resnet8 tells 7 classes apart, but there are 10 class names",
    );
    const module = join(parent, "mine.ts");
    Deno.writeTextFileSync(module, 'import fs from "node:fs";\nconsole.log(fs);\n');
    await assertRejects(
      () => exportWeb({ ...options, teacher: null, modules: [module] }),
      UserError,
      `${module}, line 1: it imports node:fs, which a browser does not have`,
    );
    for (const { model } of [student, teacher]) model.dispose();
  });
});

Deno.test("checkPageFolder() takes an empty folder or a page, and leaves other folders alone", async () => {
  await inTempDir((folder) => {
    checkPageFolder(join(folder, "new"));
    Deno.writeTextFileSync(join(folder, "mine.txt"), "");
    assertThrows(() => checkPageFolder(folder, true), UserError, "holds other files, such as");
    const file = join(folder, "mine.txt", "page");
    assertThrows(() => checkPageFolder(file), UserError, `cannot write to ${file}`);
  });
});
