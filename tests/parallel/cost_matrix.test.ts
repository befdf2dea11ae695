import { assertEquals } from "@std/assert";
import { classFeatures } from "../../src/cost_matrix/class_features.ts";
import { manualSeed } from "../../src/nn/init.ts";
import {
  type CostMatrixMethod,
  makeCostMatrix,
} from "../../src/run/cost_matrix/make_cost_matrix.ts";
import { sharedCostMatrix } from "../../src/run/cost_matrix/shared_cost_matrix.ts";
import { device } from "../helpers.ts";
import { asRanks, localGroups } from "./local_group.ts";
import { Net, noise } from "./ranks.ts";

await device();

const IMAGES = noise(40);
const METHOD: CostMatrixMethod = {
  ...{ source: "pooled", similarity: "linear_cka", degree: 3, bandwidth: 1, samples: 2 },
};

async function withTeacher<T>(use: (teacher: Net) => Promise<T>): Promise<T> {
  manualSeed(6);
  const teacher = new Net(true);
  try {
    return await use(teacher.eval());
  } finally {
    teacher.dispose();
  }
}

Deno.test("classFeatures() of ranks are those of one process, on rank 0, also where a rank has no image", async () => {
  await withTeacher(async (teacher) => {
    const of = (samples: number) => ({ source: "features" as const, samples, batchSize: 2 });
    for (const [samples, ranks] of [[3, 2], [1, 4]]) {
      const alone = await classFeatures(teacher, IMAGES, of(samples));
      const found = await asRanks(
        localGroups(ranks),
        (group) => classFeatures(teacher, IMAGES, { ...of(samples), group }),
      );
      assertEquals(found[0], alone);
      assertEquals(found[1], { features: new Float32Array(), shape: alone.shape });
    }
  });
});

Deno.test("sharedCostMatrix() gives all ranks what rank 0 finds, and has all see images where it is made", async () => {
  await withTeacher(async (teacher) => {
    const made = await makeCostMatrix(teacher, IMAGES, METHOD);
    let calls = 0;
    const find = (make: typeof makeCostMatrix) => {
      calls++;
      return make(teacher, IMAGES, METHOD);
    };
    const found = await asRanks(
      localGroups(3),
      (group) => sharedCostMatrix(group, teacher, () => IMAGES, find),
    );
    assertEquals([calls, found], [1, [made, made, made]]);
    const kept = () => Promise.resolve(Float32Array.of(1, 2));
    const taken = await asRanks(
      localGroups(2),
      (group) => sharedCostMatrix(group, teacher, () => IMAGES, kept),
    );
    assertEquals(taken[1], Float32Array.of(1, 2));
  });
});
