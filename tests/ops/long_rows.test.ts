import { crossEntropy } from "../../src/ops/softmax/cross_entropy.ts";
import { dkdDivergence } from "../../src/ops/losses/dkd_divergence.ts";
import { gaussianWasserstein } from "../../src/ops/losses/gaussian_wasserstein.ts";
import { kdDivergence } from "../../src/ops/losses/row_divergence.ts";
import { softmaxRows } from "../../src/ops/softmax/softmax_rows.ts";
import { tensor } from "../../src/tensor/create.ts";
import { assertClose, device, values } from "../helpers.ts";

await device();

/** Longer than any row of a network; no multiple of four, and one. */
const LENGTHS = [100_001, 100_000];

const total = (row: ArrayLike<number>) => Array.from(row).reduce((a, b) => a + b, 0);

Deno.test("softmax() of very long rows keeps the digits of float32, and so does its gradient", async () => {
  for (const count of LENGTHS) {
    const [x, dy] = [values("x", [count]), values("dy", [count]).map((v) => v + 1)];
    const e = Float64Array.from(x, Math.exp);
    const sum = total(e);
    const p = e.map((v) => v / sum);
    const dot = p.reduce((all, v, i) => all + v * dy[i], 0);
    for (const variant of ["thread", "tree"] as const) {
      const input = tensor(x, [1, count], { requiresGrad: true });
      const y = softmaxRows(input, 1, false, variant);
      y.backward({ gradient: tensor(dy, [1, count]) });
      assertClose(await y.data(), p, 5e-7, `${count} ${variant}:`);
      const dx = p.map((v, i) => v * (dy[i] - dot));
      assertClose(await input.grad!.data(), dx, 1e-6, `gradient of ${count} ${variant}:`);
    }
  }
});

Deno.test("crossEntropy(), kdLoss() and dkdLoss() of very long rows keep the digits of float32", async () => {
  const [count] = LENGTHS;
  const [x, t] = [values("x", [count]), values("t", [count])];
  const log = (row: ArrayLike<number>) => Math.log(total(Array.from(row, Math.exp)));
  const [a, b] = [tensor(x, [1, count]), tensor(t, [1, count])];
  const label = tensor(Int32Array.of(7));
  assertClose([await crossEntropy(a, label).item()], [log(x) - x[7]], 2e-7);
  const [logX, logT] = [log(x), log(t)];
  const kl = total(Array.from(t, (v, i) => Math.exp(v - logT) * (v - logT - x[i] + logX)));
  assertClose([await kdDivergence(a, b, 1).item()], [kl], 2e-6);
  const rest = (row: Float32Array) => row.filter((_, i) => i !== 7);
  const [others, theirs] = [rest(x), rest(t)];
  const [logO, logH] = [log(others), log(theirs)];
  const nckd = total(
    Array.from(theirs, (v, i) => Math.exp(v - logH) * (v - logH - others[i] + logO)),
  );
  const options = { temperature: 1, alpha: 0, beta: 1 };
  assertClose([await dkdDivergence(a, b, label, options).item()], [nckd], 2e-6);
});

Deno.test("wkdFeatureLoss() of very large planes keeps the digits of float32", async () => {
  const [h, w] = [317, 316];
  const [s, t] = [
    values("s", [h * w]).map((v) => (v + 1) / 2),
    values("t", [h * w]).map((v) => v + 1),
  ];
  const statistics = (row: Float32Array) => {
    const mean = total(row) / row.length;
    const squares = total(Array.from(row, (v) => (v - mean) ** 2));
    return [mean, Math.sqrt(squares / (row.length - 1) + 1e-5)];
  };
  const [[meanS, stdS], [meanT, stdT]] = [statistics(s), statistics(t)];
  const shape = [1, 1, h, w];
  const { meanLoss, covLoss } = gaussianWasserstein(tensor(s, shape), tensor(t, shape));
  assertClose([await meanLoss.item()], [(meanS - meanT) ** 2], 1e-6);
  assertClose([await covLoss.item()], [(stdS - stdT) ** 2], 2e-6);
});
