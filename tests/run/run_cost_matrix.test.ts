import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { flatCosts } from "../../src/cost_matrix/flat_costs.ts";
import { PyOrderedDict } from "../../src/formats/pickle/python.ts";
import { writeTorch } from "../../src/formats/torch/write_torch.ts";
import type { Model } from "../../src/models/model.ts";
import { createModel } from "../../src/models/registry.ts";
import { manualSeed } from "../../src/nn/init.ts";
import { CheckpointError, loadCheckpoint } from "../../src/run/checkpoint.ts";
import { COST_MATRIX_FILE, weightsHash } from "../../src/run/run_cost_matrix.ts";
import { readCostMatrix, writeCostMatrix } from "../../src/run/cost_matrix_file.ts";
import { loadModel } from "../../src/run/load_model.ts";
import { readBack } from "../../src/tensor/read_back.ts";
import { device } from "../helpers.ts";
import { inTempDir } from "../temp_dir.ts";
import { openRun, writeTeacher } from "../train/helpers.ts";

const gpu = await device();

function resnet8(seed: number): Model {
  manualSeed(seed);
  return createModel("resnet8", { numClasses: 10, inChannels: 1 });
}

/** Costs [n, n] that a function gives of every two different classes. */
function costs(n: number, of: (i: number, j: number) => number): Float32Array {
  return Float32Array.from({ length: n * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    return i === j ? 0 : of(i, j);
  });
}

Deno.test("flatCosts() tells of costs that are 0 or alike to 1 %, and of no others", () => {
  assertMatch(flatCosts(costs(3, () => 0), 3)!, /^holds no cost above 0/);
  assertMatch(flatCosts(costs(4, () => 3e-8), 4)!, /^holds no cost above 0/);
  const almost = (part: number) => costs(4, (i, j) => i + j === 1 ? 0.5 * (1 - part) : 0.5);
  assertMatch(flatCosts(almost(0), 4)!, /all alike to 1 %, between 0.5000 and 0.5000/);
  assertMatch(flatCosts(almost(0.009), 4)!, /all alike to 1 %, between 0.4955 and 0.5000/);
  assertEquals(flatCosts(almost(0.011), 4), null);
  assertEquals(flatCosts(almost(0.5), 4, 1), null);
  assertMatch(flatCosts(almost(0.5), 4, 30)!, /alike to 1 % once sharpened .*SHARPEN 30/);
  // Two classes have a single cost.
  assertEquals(flatCosts(costs(2, () => 0.5), 2), null);
  assertMatch(flatCosts(costs(2, () => 0), 2)!, /no cost above 0/);
});

Deno.test("weightsHash() is that of the weights, whatever file they came from", async () => {
  await inTempDir(async (folder) => {
    const model = resnet8(3);
    const hash = await weightsHash(model);
    assertMatch(hash, /^[0-9a-f]{64}$/);
    const state = await readBack(model.stateDict());
    const counter = (name: string) => name.endsWith("num_batches_tracked");
    const tensors = [...state].filter(([name]) => !counter(name)).map(([name, { shape, data }]) =>
      [`module.${name}`, { dtype: "F32", shape: [...shape], data }] as const
    ).reverse();
    const path = join(folder, "wrapped.pth");
    const optimizer = new Map([["lr", 0.1]]);
    Deno.writeFileSync(
      path,
      writeTorch(
        new Map<string, unknown>([["net", new PyOrderedDict(tensors)], ["optimizer", optimizer]]),
      ),
    );
    const again = resnet8(4);
    assert(await weightsHash(again) !== hash);
    const wanted = { name: "resnet8", family: "cifar", numClasses: 10, inChannels: 1 } as const;
    const settings = { role: "model", model: "--model", file: "--ckpt", dataset: "--dataset" };
    loadModel(again, path, wanted, settings);
    assertEquals(await weightsHash(again), hash);
    const bias = again.stateDict().get("fc.bias")!;
    const moved = await bias.data() as Float32Array;
    moved[3] += 1e-6;
    bias.copy_(moved);
    assert(await weightsHash(again) !== hash);
    for (const each of [model, again]) each.dispose();
  });
});

Deno.test("a torch file's note counts only for the costs it was written with", async () => {
  await inTempDir((folder) => {
    const path = join(folder, "cka.pth");
    const data = costs(2, () => 0.5);
    writeCostMatrix(path, data, 2, { teacher: "resnet8" });
    assertEquals(readCostMatrix(path, 2).note.teacher, "resnet8");
    const other = costs(2, () => 0.25);
    Deno.writeFileSync(path, writeTorch({ dtype: "F32", shape: [2, 2], data: other }));
    assertEquals(readCostMatrix(path, 2), { cost: other, note: {} });
    for (const text of ["", "null", "[1]", "{", '"x"']) {
      Deno.writeTextFileSync(`${path}.json`, text);
      assertEquals(readCostMatrix(path, 2).note, {});
    }
    Deno.removeSync(`${path}.json`);
    Deno.mkdirSync(`${path}.json`);
    assertEquals(readCostMatrix(path, 2).note, {});
    return Promise.resolve();
  });
});

/** What a run with WKD-L and a matrix warns of at its start. */
async function warnings(folder: string, ...overrides: string[]): Promise<string[]> {
  const { run, events } = await openRun(gpu, join(folder, "run"), [
    ...["DISTILLER.TYPE", "WKD", "SOLVER.EPOCHS", "2", "WKD.LOSS.WKD_LOGIT_WEIGHT", "1"],
    ...overrides,
  ]);
  run.dispose();
  return events.flatMap((event) => event.type === "warning" ? [event.message] : []);
}

Deno.test("a run makes its own cost matrix where the named one is of another teacher's weights", async () => {
  await inTempDir(async (folder) => {
    await writeTeacher(folder);
    const teacher = resnet8(0);
    const path = join(folder, "teacher.safetensors");
    const wanted = { name: "resnet8", family: "cifar", numClasses: 10, inChannels: 1 } as const;
    loadModel(teacher, path, wanted, { role: "", model: "", file: "", dataset: "" });
    const [own, others] = [await weightsHash(teacher), await weightsHash(resnet8(1))];
    const varied = costs(10, (i, j) => 0.1 * (i + j));
    for (const end of ["safetensors", "pth"]) {
      const matrix = join(folder, `cost.${end}`);
      const using = [
        ...["WKD.COST_MATRIX", "cka", "WKD.COST_MATRIX_PATH", matrix],
        // It asks no images.
        ...["WKD.COST_MATRIX_SIMILARITY", "cosine"],
      ];
      writeCostMatrix(matrix, varied, 10, { teacher: "resnet8" });
      assertEquals(await warnings(folder, ...using), []);
      writeCostMatrix(matrix, varied, 10, { teacher_sha256: own });
      assertEquals(await warnings(folder, ...using), []);
      const note = { teacher: "res\x1b[31mnet8", checkpoint: "old.pth", teacher_sha256: others };
      writeCostMatrix(matrix, varied, 10, note);
      const [told, ...more] = await warnings(folder, ...using);
      assertEquals(more, []);
      assertEquals(
        told,
        `the cost matrix ${matrix} was made from the weights of another teacher, res\\x1b[31mnet8 in old.pth (SHA-256 ` +
          `${others.slice(0, 12)}...), and this one is resnet8 in ${path} (${
            own.slice(0, 12)
          }...); the run uses one of its own, ${join(folder, "run", COST_MATRIX_FILE)}`,
      );
      const named = readCostMatrix(matrix, 10);
      assertEquals(named.cost, varied);
      const { note: { teacher_sha256, cost } } = readCostMatrix(
        join(folder, "run", COST_MATRIX_FILE),
        10,
      );
      assertEquals([teacher_sha256, cost], [
        own,
        "1 - cosine of the rows of the classifier's weight",
      ]);
    }
    teacher.dispose();
  });
});

Deno.test("a run tells of flat cost matrices, and refuses one with NaN", async () => {
  await inTempDir(async (folder) => {
    await writeTeacher(folder);
    const matrix = join(folder, "cost.safetensors");
    const using = ["WKD.COST_MATRIX", "cka", "WKD.COST_MATRIX_PATH", matrix];
    writeCostMatrix(matrix, costs(10, () => 0), 10, {});
    assertMatch((await warnings(folder, ...using))[0], /^the cost matrix .* holds no cost above 0/);
    writeCostMatrix(matrix, costs(10, (i) => 0.7 + i / 2000), 10, {});
    const [alike] = await warnings(folder, ...using);
    assertMatch(alike, /^the cost matrix .*cost.safetensors holds costs that are all alike to 1 %/);
    writeCostMatrix(matrix, costs(10, (i, j) => i === 3 && j === 5 ? NaN : 0.5), 10, {});
    await assertRejects(() => warnings(folder, ...using), CheckpointError, "holds NaN at [3, 5]");
    assertEquals(await warnings(folder, "WKD.COST_MATRIX", "fc"), []);
  });
});

Deno.test("WKD for one epoch is told to distil nothing", async () => {
  await inTempDir(async (folder) => {
    await writeTeacher(folder);
    const one = ["WKD.COST_MATRIX", "fc", "SOLVER.EPOCHS", "1"];
    const [told] = await warnings(folder, ...one);
    assertMatch(
      told,
      /^with SOLVER.EPOCHS 1 .* have fallen to 0 in the only epoch: nothing is dist/,
    );
    assertEquals(await warnings(folder, ...one, "WKD.LOSS.COSINE_DECAY_EPOCH", "1"), []);
    assertEquals(await warnings(folder, "WKD.COST_MATRIX", "fc"), []);
  });
});

Deno.test("the committed cost matrix says which teacher it was made from", async () => {
  const checkpoints = "checkpoints/fashion_mnist/resnet20.safetensors";
  const teacher = createModel("resnet20", { numClasses: 10, inChannels: 1 });
  const wanted = { name: "resnet20", family: "cifar", numClasses: 10, inChannels: 1 } as const;
  loadModel(teacher, checkpoints, wanted, { role: "", model: "", file: "", dataset: "" });
  const { metadata } = loadCheckpoint(
    "wkd_cost_matrix/fashion_mnist/resnet20/linear_cka.safetensors",
  );
  assertEquals(metadata.teacher_sha256, await weightsHash(teacher));
  teacher.dispose();
});
