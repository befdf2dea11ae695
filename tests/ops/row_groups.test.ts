import { assert, assertEquals } from "@std/assert";
import { dkdDivergence } from "../../src/ops/losses/dkd_divergence.ts";
import { MAX_WORKGROUPS } from "../../src/ops/grid.ts";
import { kdDivergence } from "../../src/ops/losses/row_divergence.ts";
import { rowGroups } from "../../src/ops/row_groups.ts";
import { wkdMarginals } from "../../src/ops/losses/wkd_marginals.ts";
import { tensor } from "../../src/tensor/create.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { device, values } from "../helpers.ts";

const gpu = await device();

/** More samples than one dimension of a dispatch has groups for, and no whole number of groups. */
const SAMPLES = MAX_WORKGROUPS * (gpu.software ? 8 : 1) + 9;
const PERIOD = 4;

/** Rows of three numbers, the first four again and again. */
function repeating(name: string): { few: Tensor; many: Tensor } {
  const few = values(name, [PERIOD, 3]);
  const many = Float32Array.from({ length: 3 * SAMPLES }, (_, i) => few[i % few.length]);
  return { few: tensor(few, [PERIOD, 3]), many: tensor(many, [SAMPLES, 3]) };
}

async function assertRepeats(many: Tensor, few: Tensor): Promise<void> {
  const [found, wanted] = [await many.data(), await few.data()];
  const wrong = found.findIndex((value, i) => value !== wanted[i % wanted.length]);
  assert(wrong < 0, `element ${wrong} of ${found.length}`);
}

Deno.test("rowGroups() lays groups out in two dimensions when they are many", () => {
  const { values: { ROWS } } = rowGroups(gpu, 1);
  assertEquals(rowGroups(gpu, 1).workgroups, [1, 1]);
  assertEquals(rowGroups(gpu, MAX_WORKGROUPS * ROWS).workgroups, [MAX_WORKGROUPS, 1]);
  assertEquals(rowGroups(gpu, MAX_WORKGROUPS * ROWS + 1).workgroups, [32768, 2]);
});

Deno.test("kernels that reduce rows take more samples than a dimension has groups", async () => {
  const [student, teacher] = [repeating("student"), repeating("teacher")];
  const label = Int32Array.from({ length: SAMPLES }, (_, i) => i % PERIOD % 3);
  const of = (size: "few" | "many") => {
    const [s, t] = [student[size].detach(), teacher[size]];
    s.requiresGrad = true;
    const labels = tensor(label.slice(0, s.shape[0]));
    const { p } = wkdMarginals(s, t, labels, 2);
    p.backward({ gradient: t, retainGraph: true });
    const dkd = dkdDivergence(s, t, labels, { alpha: 1, beta: 2, temperature: 3 });
    return { kd: kdDivergence(s, t, 2), dkd, p, dp: s.grad! };
  };
  const [many, few] = [of("many"), of("few")];
  for (const name of ["kd", "dkd", "p", "dp"] as const) await assertRepeats(many[name], few[name]);
});
