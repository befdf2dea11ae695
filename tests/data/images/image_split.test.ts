import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { readImageSplit, writeImageSplit } from "../../../src/data/images/image_split.ts";
import { loadDataset } from "../../../src/data/load_dataset.ts";
import { UserError } from "../../../src/errors.ts";
import { resolveConfig } from "../../config/sections.ts";
import { writePictures } from "../../pictures.ts";
import { inTempDir } from "../../temp_dir.ts";

function config(root: string, more: Readonly<Record<string, unknown>> = {}) {
  const own = { TYPE: "image_folder", ROOT: root, NUM_WORKERS: 0, ...more };
  return resolveConfig(JSON.stringify({ DATASET: own }), "x").DATASET;
}

Deno.test("a folder of classes alone is divided by DATASET.VALIDATION or DATASET.SPLIT", async () => {
  await inTempDir(async (root) => {
    writePictures(root, 4);
    await assertRejects(
      () => loadDataset(config(root)),
      UserError,
      "it wants val/<class>/* (or test) in it; set DATASET.ROOT, or DATASET.VALIDATION 0.1",
    );
    const share = await loadDataset(config(root, { VALIDATION: 0.25 }));
    assertEquals([share.train.length, share.test.length], [9, 3]);
    assertEquals(share.test.name, "image_folder/validation");
    const split = join(root, "split.json");
    writeImageSplit(split, { validation: ["ant/0.bmp", "cat/3.bmp"], left_out: ["bee/1.bmp"] });
    const warnings: string[] = [];
    const given = await loadDataset(config(root, { SPLIT: split }), {
      onWarning: (message) => warnings.push(message),
    });
    assertEquals([given.train.length, given.test.length], [9, 2]);
    assertEquals([...given.test.labels], [0, 2]);
    assertEquals(given.train.classes, ["ant", "bee", "cat"]);
    assertEquals(warnings, []);
    writeImageSplit(split, { validation: ["ant/0.bmp", "ant/9.bmp"], left_out: [] });
    await loadDataset(config(root, { SPLIT: split }), { onWarning: (it) => warnings.push(it) });
    assertEquals(warnings, [
      "1 of the 2 images that DATASET.SPLIT holds out are not there: ant/9.bmp",
    ]);
    await assertRejects(
      () => loadDataset(config(root, { SPLIT: split, VALIDATION: 1 })),
      UserError,
      "give one of them",
    );
  });
});

Deno.test("DATASET.SPLIT reaches the folders of a train and a val", async () => {
  await inTempDir(async (root) => {
    writePictures(join(root, "train"), 3);
    writePictures(join(root, "val"), 2);
    const split = join(root, "split.json");
    writeImageSplit(split, { validation: [], left_out: ["train/ant/0.bmp", "val/bee/1.bmp"] });
    const { train, test } = await loadDataset(config(root, { SPLIT: split }));
    assertEquals([train.length, test.length], [8, 5]);
    Deno.writeTextFileSync(split, "{");
    assertThrows(() => readImageSplit(split), UserError, "it is no JSON");
    Deno.writeTextFileSync(split, '{"validation": 3}');
    assertThrows(() => readImageSplit(split), UserError, 'it wants the lists "validation"');
  });
});
