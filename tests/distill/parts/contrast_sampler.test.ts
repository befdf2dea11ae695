import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { ContrastSampler } from "../../../src/distill/parts/contrast_sampler.ts";
import { UserError } from "../../../src/errors.ts";
import { tensor } from "../../../src/tensor/create.ts";
import { device, labels } from "../../helpers.ts";

await device();

const CLASSES = 5;
const ALL = labels("contrast", 60, CLASSES);
const BATCH = Int32Array.of(7, 0, 59, 30);

interface Draw {
  negatives: number;
  mode?: "exact" | "relax";
  seed?: number;
  epoch?: number;
  batch?: Int32Array;
}

/** Rows of images that a sampler draws for a batch. */
async function draw(options: Draw): Promise<number[][]> {
  const { negatives, mode = "exact", seed = 1, epoch = 1, batch = BATCH } = options;
  const sampler = new ContrastSampler({ labels: ALL, classes: CLASSES, negatives, mode, seed });
  sampler.startStep({ indices: batch }, { epoch, epochs: 2 });
  const { index } = sampler.draw(tensor(batch.map((image) => ALL[image])));
  const flat = [...await index.data()];
  sampler.dispose();
  return Array.from(batch, (_, n) => flat.slice(n * (negatives + 1), (n + 1) * (negatives + 1)));
}

Deno.test("ContrastSampler draws images of other classes, each once where there are enough", async () => {
  for (const negatives of [1, 30, 200]) {
    const rows = await draw({ negatives });
    rows.forEach(([positive, ...others], n) => {
      assertEquals(positive, BATCH[n]);
      const allowed = ALL.filter((label) => label !== ALL[positive]).length;
      assert(others.every((image) => ALL[image] !== ALL[positive]));
      if (negatives <= allowed) assertEquals(new Set(others).size, negatives);
    });
  }
  const [[image, ...all]] = await draw({
    negatives: ALL.filter((label) => label !== ALL[7]).length,
    batch: BATCH.slice(0, 1),
  });
  const others = [...ALL.keys()].filter((each) => ALL[each] !== ALL[image]);
  assertEquals(all.toSorted((a, b) => a - b), others);
  assertNotEquals(all, others);
});

Deno.test("ContrastSampler draws all images about as often", async () => {
  const counts = new Map<number, number>();
  for (let epoch = 1; epoch <= 40; epoch++) {
    const [[, ...others]] = await draw({ negatives: 20, epoch, batch: BATCH.slice(0, 1) });
    for (const image of others) counts.set(image, (counts.get(image) ?? 0) + 1);
  }
  const allowed = ALL.filter((label) => label !== ALL[7]).length;
  const expected = 40 * 20 / allowed;
  assertEquals(counts.size, allowed);
  // Five standard deviations of a count.
  const spread = 5 * Math.sqrt(expected * (1 - 20 / allowed));
  for (const count of counts.values()) assert(Math.abs(count - expected) < spread, `${count}`);
});

Deno.test("ContrastSampler relaxed takes any image of the class as the positive", async () => {
  const positives = new Set<number>();
  for (let epoch = 1; epoch <= 20; epoch++) {
    const rows = await draw({ negatives: 2, mode: "relax", epoch });
    rows.forEach(([positive], n) => assertEquals(ALL[positive], ALL[BATCH[n]]));
    positives.add(rows[0][0]);
  }
  assert(positives.size > 3);
});

Deno.test("ContrastSampler follows from seed, epoch and image alone", async () => {
  const [a, b] = await draw({ negatives: 30 });
  assertNotEquals(a.slice(1), b.slice(1));
  assertEquals(await draw({ negatives: 30, batch: Int32Array.of(0, 7) }), [b, a]);
  assertNotEquals((await draw({ negatives: 30, epoch: 2 }))[0], a);
  assertNotEquals((await draw({ negatives: 30, seed: 2 }))[0], a);
});

Deno.test("ContrastSampler refuses one class and batches without positions", () => {
  const options = { classes: 2, negatives: 1, mode: "exact", seed: 1 } as const;
  assertThrows(
    () => new ContrastSampler({ ...options, labels: [1, 1, 1] }),
    UserError,
    "all of one class",
  );
  const sampler = new ContrastSampler({ ...options, labels: [0, 1] });
  assertThrows(
    () => sampler.startStep({}, { epoch: 1, epochs: 1 }),
    RangeError,
    "the position of every image",
  );
  sampler.dispose();
});
