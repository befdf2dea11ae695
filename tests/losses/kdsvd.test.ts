import { assertAlmostEquals, assertThrows } from "@std/assert";
import { kdsvdLoss } from "../../src/losses/kdsvd.ts";
import { tensor } from "../../src/tensor/create.ts";
import type { Shape } from "../../src/tensor/shape.ts";
import { assertClose, device, procedural, values } from "../helpers.ts";
import { hostEigh } from "../ops/eigh_reference.ts";

await device();

interface Map {
  shape: Shape;
  data: ArrayLike<number>;
}

/** First `count` right singular vectors and values of one sample, the largest last. */
function singular({ shape, data }: Map, sample: number, count: number) {
  const [, channels, height, width] = shape;
  const first = sample * channels * height * width;
  const gram = Array.from({ length: width }, (_, i) =>
    Array.from({ length: width }, (_, j) => {
      let sum = 0;
      for (let row = first; row < first + channels * height * width; row += width) {
        sum += data[row + i] * data[row + j];
      }
      return sum;
    }));
  const { values, vectors } = hostEigh(gram);
  const squares = values.slice(-count).map((value) => Math.max(0, value));
  const length = Math.sqrt(squares.reduce((a, b) => a + b));
  return { vectors: vectors.slice(-count), weights: squares.map((s) => Math.sqrt(s) / length) };
}

const dot = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, value, i) => sum + value * b[i], 0);

/** A sample's weighted vectors of a stage, the student's the one nearest to the line of the teacher's. */
function aligned(student: Map, teacher: Map, sample: number, k: number) {
  const { vectors, weights } = singular(teacher, sample, k);
  const own = singular(student, sample, Math.min(k + 3, student.shape[3])).vectors;
  return vectors.map((vector, c) => {
    const best = own.reduce((a, b) => Math.abs(dot(b, vector)) > Math.abs(dot(a, vector)) ? b : a);
    const factor = weights[c] * Math.sign(dot(best, vector));
    return { s: best.map((v) => factor * v), t: vector.map((v) => weights[c] * v) };
  });
}

/** The loss in float64. */
function expected(student: readonly Map[], teacher: readonly Map[], k: number): number {
  const [samples] = student[0].shape;
  let total = 0;
  for (let sample = 0; sample < samples; sample++) {
    const stages = student.map((map, i) => aligned(map, teacher[i], sample, k));
    stages.slice(1).forEach((stage, i) =>
      stage.forEach(({ s, t }, c) => {
        const { s: sBefore, t: tBefore } = stages[i][c];
        const near = (a: number, b: number) => Math.exp(-((a - b) ** 2) / 8);
        s.forEach((_, x) =>
          sBefore.forEach((_, y) => {
            total += (near(s[x], sBefore[y]) - near(t[x], tBefore[y])) ** 2;
          })
        );
      })
    );
  }
  return total / samples;
}

/** Feature maps that get smaller; `offset` 1 makes all values positive, as behind a ReLU. */
function maps(name: string, channels: number, offset: number): Map[] {
  return [[2, channels, 6, 6], [2, channels + 1, 4, 5], [2, channels + 3, 3, 3]].map((shape, i) => {
    return { shape, data: values(`${name}${i}`, shape).map((value) => value + offset) };
  });
}

for (const [offset, k] of [[1, 1], [0, 1], [0, 2], [1, 3]]) {
  const what = offset === 1 ? "positive features" : "features of both signs";
  Deno.test(`kdsvdLoss() of ${what} has value and gradient of float64 for K = ${k}`, async () => {
    const [student, teacher] = [maps("student", 3, offset), maps("teacher", 5, offset)];
    const leaves = student.map(({ data, shape }) => {
      return tensor(Float32Array.from(data), shape, { requiresGrad: true });
    });
    const constants = teacher.map(({ data, shape }) => tensor(Float32Array.from(data), shape));
    const loss = kdsvdLoss(leaves, constants, k);
    loss.backward();
    const wanted = expected(student, teacher, k);
    assertAlmostEquals(await loss.item(), wanted, 2e-5 * wanted);
    for (const [stage, { shape, data }] of student.entries()) {
      const slope = (at: number) => {
        const moved = (by: number) => {
          const copy = Float64Array.from(data);
          copy[at] += by;
          const changed = student.with(stage, { shape, data: copy });
          return expected(changed, teacher, k);
        };
        return (moved(1e-5) - moved(-1e-5)) / 2e-5;
      };
      const tried = Array.from({ length: data.length }, (_, i) => i).filter((i) => i % 7 === 0);
      const gradient = await leaves[stage].grad!.data();
      assertClose(tried.map((i) => gradient[i]), tried.map(slope), 2e-4, `stage ${stage}:`);
    }
  });
}

Deno.test("kdsvdLoss() of features that are zero is zero, and so is its gradient", async () => {
  const shapes = [[1, 2, 4, 4], [1, 2, 2, 2]];
  const zero = () => shapes.map((shape) => tensor(new Float32Array(2 * shape[2] ** 2), shape));
  const student = zero().map((each) =>
    tensor(new Float32Array(each.numel), each.shape, { requiresGrad: true })
  );
  const loss = kdsvdLoss(student, zero(), 1);
  loss.backward();
  assertClose([await loss.item()], [0]);
  for (const each of student) assertClose(await each.grad!.data(), new Float32Array(each.numel));
});

Deno.test("kdsvdLoss() refuses other widths, and too many vectors", () => {
  const of = (width: number) => [procedural("a", [1, 2, 4, 4]), procedural("b", [1, 2, 4, width])];
  const message = "feature maps of one width wanted, of ";
  assertThrows(() => kdsvdLoss(of(3), of(2), 1), RangeError, `${message}1 or more`);
  assertThrows(() => kdsvdLoss(of(3), of(3), 4), RangeError, `${message}4 or more`);
});
