import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { CostKernel } from "../../src/ops/sinkhorn/cost_kernel.ts";
import { gaussianWasserstein } from "../../src/ops/losses/gaussian_wasserstein.ts";
import { wkdMarginals } from "../../src/ops/losses/wkd_marginals.ts";
import { sinkhorn } from "../../src/ops/sinkhorn/sinkhorn.ts";
import { createModel } from "../../src/models/registry.ts";
import { manualSeed } from "../../src/nn/init.ts";
import { noGrad } from "../../src/tensor/autograd.ts";
import { tensor } from "../../src/tensor/create.ts";
import { attentionMaps } from "../../src/report/model/attention.ts";
import { gaussianDistances } from "../../src/report/model/features.ts";
import { calibrate } from "../../src/report/statistics/calibration.ts";
import { clusteredOrder } from "../../src/report/statistics/clustered_order.ts";
import {
  classScores,
  confusionCells,
  confusionCsv,
  confusionOrder,
  worstConfusions,
} from "../../src/report/statistics/confusion.ts";
import { correlationMatrix } from "../../src/report/statistics/correlation.ts";
import { principalPlane } from "../../src/report/statistics/principal_axes.ts";
import { transportPlan } from "../../src/report/statistics/transport_plan.ts";
import { wilsonInterval } from "../../src/report/statistics/wilson.ts";
import { assertClose, device, values } from "../helpers.ts";

await device();

/** From statsmodels, torchmetrics and numpy; `make_report.py` made it. */
const REFERENCE = JSON.parse(
  Deno.readTextFileSync(new URL("../fixtures/report.json", import.meta.url)),
);

Deno.test("wilsonInterval() gives statsmodels' bounds", () => {
  for (const { right, count, low, high } of REFERENCE.wilson) {
    const found = wilsonInterval(100 * right / count, count);
    assertAlmostEquals(found.low, low, 1e-9);
    assertAlmostEquals(found.high, high, 1e-9);
  }
});

Deno.test("calibrate() gives torchmetrics' expected calibration error", () => {
  const logits = values("report.logits", [200, 4], 3);
  const found = Array.from({ length: 200 }, (_, i) => {
    const row = [...logits.subarray(4 * i, 4 * i + 4)];
    const sum = row.reduce((sum, logit) => sum + Math.exp(logit), 0);
    const best = row.indexOf(Math.max(...row));
    return { right: best === i * 7 % 4, confidence: Math.exp(row[best]) / sum };
  });
  const { ece, bins } = calibrate(found.map(({ confidence }) => confidence), (i) => found[i].right);
  assertAlmostEquals(ece, REFERENCE.ece, 1e-6);
  assertEquals(bins.reduce((sum, { images }) => sum + images, 0), 200);
});

Deno.test("correlationMatrix() and principalPlane() give numpy's", () => {
  const logits = values("report.logits", [200, 4], 3);
  assertClose(correlationMatrix(logits, 200, 4), REFERENCE.correlation, 1e-5);
  const scales = [5, 3, 1, 1, 0.5, 0.1];
  const features = values("report.features", [50, 6]).map((value, i) => value * scales[i % 6]);
  const { points, shares } = principalPlane(features, 50);
  assertClose(points, REFERENCE.pca.points, 1e-4);
  assertClose(shares, REFERENCE.pca.shares, 1e-5);
  // Columns that are all alike go along with nothing.
  assertEquals([...correlationMatrix(new Float32Array(6).fill(2), 3, 2)], [0, 0, 0, 0]);
});

Deno.test("clusteredOrder() puts what is near together, whatever its number", () => {
  const place = [0, 10, 0.1, 10.3, 5, 0.3];
  const order = clusteredOrder(6, (a, b) => Math.abs(place[a] - place[b]));
  const sorted = [0, 2, 5, 4, 1, 3];
  assert([sorted, sorted.toReversed()].some((each) => each.join() === order.join()), order.join());
  assertEquals([clusteredOrder(0, () => 1), clusteredOrder(1, () => 1)], [[], [0]]);
  assertEquals(clusteredOrder(50, () => 1).toSorted((a, b) => a - b), [...Array(50).keys()]);
});

Deno.test("confusionCells() counts, and what is made of them names the worst", () => {
  const [labels, predicted] = [[0, 0, 0, 1, 1, 2, 2], [0, 2, 2, 1, -1, 0, 2]];
  const cells = confusionCells(labels, predicted, 3);
  assertEquals(cells, [[0, 0, 1], [0, 2, 2], [1, 1, 1], [2, 0, 1], [2, 2, 1]]);
  assertEquals(worstConfusions(cells, 1), [{ from: 0, to: 2, count: 2 }]);
  assertEquals(classScores(labels, predicted, 3).map(({ right }) => right), [1, 1, 1]);
  const order = confusionOrder(cells, 3);
  assertEquals(Math.abs(order.indexOf(0) - order.indexOf(2)), 1);
  assertEquals(
    confusionCsv(cells, ["a", 'b,"c"', "d"]),
    'true \\ found,a,"b,""c""",d\na,1,0,2\n"b,""c""",0,1,0\nd,1,0,1\n',
  );
});

Deno.test("transportPlan() costs what WKD-L's distance is, and moves all mass", async () => {
  const [student, teacher] = [values("plan.student", [10], 4), values("plan.teacher", [10], 4)];
  const cost = values("plan.cost", [10, 10], 0.5).map((value, at) =>
    at % 11 === 0 ? 0 : 0.5 + value
  );
  const options = { temperature: 4, lambda: 0.05, iterations: 10, sharpen: 1 };
  const found = transportPlan(student, teacher, 3, { cost, ...options });
  using kernel = new DisposableStack();
  const { lambda, sharpen } = options;
  const made = kernel.adopt(new CostKernel(cost, 10, { lambda, sharpen }), (it) => it.dispose());
  const rows = [student, teacher].map((row) => tensor(row, [1, 10]));
  const labels = tensor(Int32Array.of(3), [1]);
  const { p, q } = wkdMarginals(rows[0], rows[1], labels, options.temperature);
  const [distance] = await sinkhorn(p, q, made, { iterations: 10, labels }).data();
  assertAlmostEquals(found.distance, distance, 1e-5);
  const sums = Array.from(
    { length: 10 },
    (_, i) => found.plan.subarray(10 * i, 10 * i + 10).reduce((a, b) => a + b, 0),
  );
  assertClose(sums, found.student, 1e-4);
  assertEquals([sums[3], found.teacher[3]], [0, 0]);
});

Deno.test("gaussianDistances() are those whose mean is the loss", async () => {
  const shape = [3, 4, 5, 7];
  const [a, b] = [values("hint.a", shape), values("hint.b", shape)];
  for (const grid of [1, 2]) {
    const found = gaussianDistances(a, b, shape, 3, { grid, eps: 1e-5, ratio: 2 });
    const { meanLoss, covLoss } = noGrad(() =>
      gaussianWasserstein(tensor(a, shape), tensor(b, shape), { grid, eps: 1e-5 })
    );
    const loss = 2 * (await meanLoss.data())[0] + (await covLoss.data())[0];
    assertAlmostEquals(found.reduce((x, y) => x + y, 0) / 3, loss, 1e-4);
  }
});

Deno.test("attentionMaps() weigh the last features as the class's weights, where they are averaged", async () => {
  manualSeed(3);
  const model = createModel("resnet8", { numClasses: 10, inChannels: 1 });
  model.requiresGrad_(false).eval();
  const images = values("cam.images", [2, 1, 28, 28]);
  const found = await attentionMaps(model, images, [2, 1, 28, 28], [4, 7]);
  const feature = noGrad(() =>
    model.forward(tensor(images, [2, 1, 28, 28])).features.feats.at(-1)!
  );
  const [weight, features] = [await model.classifier.weight.data(), await feature.data()];
  const [, channels, rows, columns] = feature.shape;
  assertEquals([found!.rows, found!.columns], [rows, columns]);
  const plane = rows * columns;
  const expected = [4, 7].flatMap((label, i) => {
    const map = Array.from({ length: plane }, (_, at) => {
      let sum = 0;
      for (let c = 0; c < channels; c++) {
        sum += weight[label * channels + c] * features[(i * channels + c) * plane + at];
      }
      return Math.max(0, sum);
    });
    return map.map((value) => value / Math.max(...map));
  });
  assertClose(found!.values, expected, 1e-3);
  feature.dispose();
  model.dispose();
});
