import { assert, assertEquals } from "@std/assert";
import { fromFileUrl, join, relative } from "@std/path";
import { loadConfig, pick } from "./sections.ts";
import { augmentOptions } from "../../src/data/augment/augment_config.ts";
import { modelNames } from "../../src/models/registry.ts";
import "../../src/optim/registry.ts";

const CONFIGS = fromFileUrl(new URL("../../configs/", import.meta.url));
const STEPS = fromFileUrl(new URL("../fixtures/training/steps_wkd.json", import.meta.url));

function yamlFiles(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    const path = join(folder, name);
    if (isDirectory) return yamlFiles(path);
    return name.endsWith(".yaml") ? [path] : [];
  });
}

Deno.test("every configuration loads, and names models and a method of its folder", () => {
  const files = yamlFiles(CONFIGS);
  assert(files.length >= 101);
  const names = modelNames();
  for (const path of files) {
    const config = loadConfig(path);
    const { TYPE, STUDENT, TEACHER } = config.DISTILLER;
    const file = relative(CONFIGS, path);
    assert(names.includes(STUDENT), `${file}: ${STUDENT}`);
    if (TYPE !== "NONE") assert(names.includes(TEACHER), `${file}: ${TEACHER}`);
    const [dataset, ...rest] = file.split("/");
    const text = Deno.readTextFileSync(path);
    if (rest[0] !== "quickstart") {
      assert(text.includes(`deno task train --cfg configs/${file}\n`), file);
    }
    if (dataset === "recipes") continue;
    assertEquals(config.DATASET.TYPE, dataset.replace("_published", ""), file);
    if (rest[0] === "quickstart") continue;
    const method = (dataset === "imagenet" ? rest[1] : rest[0]).replace(".yaml", "");
    const type = method === "vanilla" ? "NONE" : method.replace(/_.*/, "").toUpperCase();
    assertEquals(TYPE as string, type, file);
    if (dataset !== "fashion_mnist") assert(config.EXPERIMENT.TAG.startsWith(`${method},`), file);
  }
});

Deno.test("the recipes vary the images, warm up and follow a cosine", () => {
  for (const name of ["small_pictures", "photographs"]) {
    const { DATASET, SOLVER } = loadConfig(join(CONFIGS, "recipes", `${name}.yaml`));
    const { randAugment, randomErasing } = augmentOptions(DATASET.AUGMENT)!;
    assertEquals(randAugment, { numOps: 2, magnitude: 9 });
    assert(randomErasing!.p! > 0);
    assertEquals([SOLVER.LR_SCHEDULE, SOLVER.WARMUP_EPOCHS], ["cosine", 5]);
    assertEquals(SOLVER.LABEL_SMOOTHING, 0.1);
    assertEquals(
      [SOLVER.MIXUP_ALPHA, SOLVER.CUTMIX_ALPHA],
      name === "photographs" ? [0.2, 1] : [0, 0],
    );
  }
});

Deno.test("the WKD configurations of CIFAR-100 have the settings of the reference figures", () => {
  const cases = JSON.parse(Deno.readTextFileSync(STEPS)) as Record<
    string,
    { distiller: { WKD?: unknown }; solver: object; student: string; teacher: string }
  >;
  for (const [name, { distiller, solver, student, teacher }] of Object.entries(cases)) {
    if (!distiller.WKD) continue;
    const config = loadConfig(join(CONFIGS, "cifar100", `${name.replace(/\/epoch\d+$/, "")}.yaml`));
    const { LOSS, COST_MATRIX, ...rest } = distiller.WKD as Record<string, unknown>;
    assertEquals(pick(config.WKD.LOSS, LOSS), LOSS, name);
    // Settings of the part that is off are defaults, which differ.
    const used = Object.entries(rest).filter(([key]) =>
      COST_MATRIX !== "" || !/COST|SINKHORN|TEMPERATURE/.test(key)
    );
    assertEquals(pick(config.WKD, Object.fromEntries(used)), Object.fromEntries(used), name);
    assertEquals(pick(config.SOLVER, solver), solver, name);
    assertEquals([config.DISTILLER.STUDENT, config.DISTILLER.TEACHER], [student, teacher]);
  }
});
