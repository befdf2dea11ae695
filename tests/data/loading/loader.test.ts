import {
  assert,
  assertEquals,
  assertNotEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { type Batch, DataLoader, type LoaderOptions } from "../../../src/data/loading/loader.ts";
import { drawAugmentation, writeImageBytes } from "../../../src/data/augment/augment.ts";
import { Canvas } from "../../../src/data/augment/canvas.ts";
import { ColorJitter } from "../../../src/data/augment/color_jitter.ts";
import type { AugmentOptions } from "../../../src/data/augment/image_augmenter.ts";
import { RandAugment } from "../../../src/data/augment/rand_augment.ts";
import { RandomErasing } from "../../../src/data/augment/random_erasing.ts";
import { normalisationTable } from "../../../src/data/images/normalisations.ts";
import { KeyedRandom } from "../../../src/data/random.ts";
import { UserError } from "../../../src/errors.ts";
import { tinyDataset } from "../helpers.ts";

const DATASET = tinyDataset(25, 2);

function copy({ images, labels, indices, ...rest }: Batch): Batch {
  return { images: images.slice(), labels: labels.slice(), indices: indices.slice(), ...rest };
}

function all(options: Partial<LoaderOptions>, epoch = 1, startStep = 0): Batch[] {
  const loader = new DataLoader(DATASET, { batchSize: 8, train: true, ...options });
  return Array.from(loader.epoch(epoch, { startStep }), copy);
}

Deno.test("DataLoader.epoch() in train mode visits every image once, the rest in a smaller batch", () => {
  const batches = all({});
  assertEquals(batches.map(({ size }) => size), [...new Array(6).fill(8), 2]);
  assertEquals(new Set(batches.flatMap((batch) => [...batch.indices])).size, 51); // -1 past the end
  const loader = new DataLoader(DATASET, { batchSize: 8, train: true });
  assertEquals([loader.length, loader.images], [7, 50]);
});

Deno.test("DataLoader.epoch() leaves a rest of one image out in train mode, which has no variance", () => {
  assertEquals(all({ batchSize: 7 }).map(({ size }) => size), new Array(7).fill(7));
  const loader = new DataLoader(DATASET, { batchSize: 7, train: true });
  assertEquals([loader.length, loader.images], [7, 49]);
  assertEquals(all({ batchSize: 7, train: false }).at(-1)!.size, 1);
  assertEquals(all({ batchSize: 1 }).length, 50);
});

Deno.test("DataLoader.epoch() with dropLast visits whole batches of different images", () => {
  const batches = all({ dropLast: true });
  assertEquals(batches.map(({ size }) => size), new Array(6).fill(8));
  const indices = batches.flatMap((batch) => [...batch.indices]);
  assertEquals(new Set(indices).size, 48);
  for (const batch of batches) {
    assertEquals([...batch.labels], [...batch.indices].map((i) => DATASET.labels[i]));
    assertEquals(batch.images.length, 8 * 16);
  }
  const loader = new DataLoader(DATASET, { batchSize: 8, train: true, dropLast: true });
  assertEquals([loader.length, loader.images], [6, 48]);
});

Deno.test("DataLoader.epoch() is a function of seed and epoch", () => {
  assertEquals(all({ seed: 3 }, 2), all({ seed: 3 }, 2));
  assertNotEquals(all({ seed: 3 }, 2), all({ seed: 4 }, 2));
  assertNotEquals(all({ seed: 3 }, 2), all({ seed: 3 }, 1));
});

Deno.test("DataLoader.epoch() goes on at startStep with the same batches", () => {
  assertEquals(all({}, 5, 4), all({}, 5).slice(4));
  assertEquals(all({}, 5, 7), []);
});

Deno.test("DataLoader.epoch() varies an image anew each time that a balanced epoch draws it", () => {
  const labels = DATASET.labels.map((_, i) => Number(i === 0));
  const loader = new DataLoader({ ...DATASET, labels }, {
    ...{ batchSize: 8, train: true, sampler: "balanced", seed: 2 },
  });
  const epoch = (startStep = 0) => Array.from(loader.epoch(3, { startStep }), copy);
  const batches = epoch();
  // A class of one image and one of 49, half of the draws each.
  const rare = batches.flatMap(({ images, labels }) =>
    [...labels.entries()].filter(([, label]) => label === 1)
      .map(([at]) => String(images.slice(at * 16, at * 16 + 16)))
  );
  assert(rare.length > 15 && rare.length < 35, `${rare.length} of 50`);
  assert(new Set(rare).size > 8, `${new Set(rare).size} ways`);
  assertEquals(epoch(4), batches.slice(4));
});

Deno.test("DataLoader.epoch() augments an image anew each epoch, and not at all in test mode", () => {
  const imageZero = (batches: Batch[]) => {
    const batch = batches.find(({ indices }) => indices.includes(0)) as Batch;
    const at = batch.indices.indexOf(0) * 16;
    return [...batch.images.slice(at, at + 16)];
  };
  const plain = imageZero(all({ train: false }));
  assertEquals(
    plain,
    [...DATASET.images.slice(0, 16)].map((b) => Math.fround((b / 255 - 0.5) / 0.25)),
  );
  const drawn = new Set<string>();
  for (let epoch = 1; epoch <= 8; epoch++) {
    const batches = all({ batchSize: 1 }, epoch);
    drawn.add(String(imageZero(batches)));
  }
  assert(drawn.size > 3);
});

Deno.test("DataLoader.epoch() in test mode goes in order and pads the last batch", () => {
  const batches = all({ train: false, batchSize: 20 });
  assertEquals(batches.map(({ size }) => size), [20, 20, 10]);
  const last = batches[2];
  assertEquals([...last.indices.slice(0, 10)], Array.from({ length: 10 }, (_, i) => 40 + i));
  assertEquals([...last.indices.slice(10)], new Array(10).fill(-1));
  assert(last.images.slice(10 * 16).every((value) => value === 0));
  assert(last.labels.slice(10).every((value) => value === 0));
});

Deno.test("DataLoader.epoch() makes the next batch ahead without changing what comes", async () => {
  const eager = all({});
  const loader = new DataLoader(DATASET, { batchSize: 8, train: true });
  const waited: Batch[] = [];
  let previous: Batch | null = null;
  let kept: Batch | null = null;
  for (const batch of loader.epoch(1)) {
    await new Promise((resolve) => setTimeout(resolve, 2));
    // The batch before this one still holds, though the next one has been made by now.
    if (previous) assertEquals(previous, kept);
    previous = batch;
    kept = copy(batch);
    waited.push(kept);
  }
  assertEquals(waited, eager);
});

Deno.test("DataLoader.epoch() uses a few buffers again and again, over epochs", () => {
  const loader = new DataLoader(DATASET, { batchSize: 8, train: true });
  const buffers = new Set<Float32Array>();
  for (let epoch = 1; epoch <= 3; epoch++) {
    for (const { images } of loader.epoch(epoch)) buffers.add(images);
  }
  assertEquals(buffers.size, 3);
});

Deno.test("DataLoader.epoch() may be left early, but two cannot run at a time", () => {
  const loader = new DataLoader(DATASET, { batchSize: 8, train: true });
  for (const batch of loader.epoch(1)) {
    assertEquals(batch.size, 8);
    break;
  }
  const first = loader.epoch(1);
  first.next();
  const second = loader.epoch(2);
  second.next();
  assertThrows(() => first.next(), Error, "another epoch of this loader was started");
  second.return();
});

/** The images of every batch as several processes have them together, in the order of the whole batch. */
function together(worldSize: number, options: Partial<LoaderOptions>): Batch[] {
  const ranks = Array.from(
    { length: worldSize },
    (_, rank) => all({ ...options, rank, worldSize }, 3),
  );
  return ranks[0].map(({ part }, step) => {
    const size = part!.labels.length;
    const whole = { images: new Float32Array(16 * size), labels: new Int32Array(size) };
    const indices = new Int32Array(size).fill(-1);
    for (const batches of ranks) {
      const { images, labels, indices: own, part } = batches[step];
      for (const [at, place] of part!.places.entries()) {
        if (part!.spare) continue;
        assertEquals(indices[place], -1, "an image was dealt twice");
        whole.images.set(images.subarray(16 * at, 16 * (at + 1)), 16 * place);
        whole.labels[place] = labels[at];
        indices[place] = own[at];
      }
    }
    return { ...whole, indices, size };
  });
}

Deno.test("DataLoader.epoch() divides every batch among processes, and gives what one has", () => {
  for (const options of [{}, { batchSize: 11 }, { batchSize: 12, sampler: "balanced" } as const]) {
    const whole = all({ seed: 4, ...options }, 3).map(({ images, labels, indices, size }) => ({
      images: images.slice(0, 16 * size),
      labels: labels.slice(0, size),
      indices: indices.slice(0, size),
      size,
    }));
    for (const worldSize of [2, 3]) {
      assertEquals(together(worldSize, { seed: 4, ...options }), whole);
    }
  }
});

Deno.test("DataLoader.epoch() leaves nobody alone: a process has at least two images, of others where there are too few", () => {
  // Six batches of eight images, and two are left.
  const ranks = [0, 1, 2].map((rank) => all({ rank, worldSize: 3 }));
  assertEquals(ranks.map((batches) => batches.map(({ size }) => size)), [
    [2, 2, 2, 2, 2, 2, 2],
    [2, 2, 2, 2, 2, 2, 2],
    [4, 4, 4, 4, 4, 4, 2],
  ]);
  assertEquals(ranks.map((batches) => batches.at(-1)!.part!.spare), [true, true, false]);
  assertEquals(ranks[0].at(-1)!.indices.slice(0, 2), ranks[2].at(-1)!.indices.slice(0, 2));
  assertEquals(ranks[2][0].part!.places, Int32Array.of(2, 3, 4, 5));
});

Deno.test("DataLoader.epoch() gives each process a stretch of an evaluation's images", () => {
  const share = (rank: number) =>
    all({ rank, worldSize: 3, train: false }).flatMap(({ indices, size }) => [
      ...indices.slice(0, size),
    ]);
  assertEquals([0, 1, 2].map((rank) => share(rank).length), [16, 17, 17]);
  assertEquals([0, 1, 2].flatMap(share), Array.from({ length: 50 }, (_, i) => i));
});

Deno.test("DataLoader.epoch() makes one batch of fewer images than it has room for", () => {
  const [batch, ...more] = all({ batchSize: 51 });
  assertEquals([batch.size, batch.labels.length, more.length], [50, 51, 0]);
  const alone = new DataLoader({ ...DATASET, length: 1 }, { batchSize: 8, train: true });
  assertEquals([alone.length, alone.images], [1, 1]);
});

Deno.test("DataLoader() refuses sizes that give no batch", () => {
  const make = (options: Partial<LoaderOptions>) => () =>
    new DataLoader(DATASET, { batchSize: 8, train: true, ...options });
  assertThrows(
    make({ batchSize: 51, dropLast: true }),
    UserError,
    "tiny/train has 50 images: that is less than one batch of 51, and SOLVER.DROP_LAST",
  );
  assertThrows(
    make({ batchSize: 5, worldSize: 3 }),
    UserError,
    "a batch of 5 images is divided among 3 processes, each of which wants at least 2; set SOLVER.BATCH_SIZE 6",
  );
  assertThrows(make({ rank: 2, worldSize: 2 }), RangeError, "rank must be from 0 to 1; got 2");
  assertThrows(make({ batchSize: 0 }), RangeError, "at least 1; got 0");
  assertThrows(
    () => new DataLoader({ ...DATASET, length: 0 }, { batchSize: 1, train: false }),
    UserError,
    "tiny/train has no images",
  );
  assertStrictEquals(new DataLoader(DATASET, { batchSize: 51, train: false }).length, 1);
});

/** Everything that images can be varied by. */
const AUGMENT: AugmentOptions = {
  randAugment: { numOps: 2, magnitude: 20 },
  colorJitter: { brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 },
  randomErasing: { p: 0.7, scale: [0.1, 0.4], value: "random" },
};

Deno.test("DataLoader.epoch() varies images in torchvision's order by numbers of seed, epoch and position", () => {
  const dataset = tinyDataset(6, 2, 8, 3);
  const loader = new DataLoader(dataset, { batchSize: 4, train: true, seed: 9, augment: AUGMENT });
  const canvas = new Canvas(3, 8, 8);
  const table = normalisationTable(dataset.mean, dataset.std);
  for (const { images, indices } of loader.epoch(3)) {
    for (const [i, position] of indices.entries()) {
      const random = new KeyedRandom(9, 3, position);
      writeImageBytes(canvas.data, dataset, position, drawAugmentation(random, 2));
      new RandAugment(AUGMENT.randAugment!, 8, 8).apply(canvas, random);
      new ColorJitter(AUGMENT.colorJitter!).apply(canvas, random);
      const expected = Float32Array.from(
        canvas.data,
        (byte, at) => table[Math.floor(at / 64) * 256 + byte],
      );
      new RandomErasing(AUGMENT.randomErasing!).apply(expected, 0, dataset, random);
      assertEquals(images.subarray(i * 192, (i + 1) * 192), expected);
    }
  }
});

Deno.test("DataLoader.epoch() varies grey images, and goes on at startStep with the same batches", () => {
  const whole = all({ augment: AUGMENT }, 5);
  assertEquals(all({ augment: AUGMENT }, 5, 4), whole.slice(4));
  assertNotEquals(whole, all({}, 5));
  assertNotEquals(whole, all({ augment: AUGMENT }, 6));
});

Deno.test("DataLoader.epoch() varies nothing where nothing is asked for, nor test images", () => {
  assertEquals(all({ augment: {} }), all({}));
  assertEquals(all({ augment: { randomErasing: { p: 0 } } }), all({}));
  // The same crops, whose bytes pass through the canvas.
  assertEquals(all({ augment: { randAugment: { numOps: 0 }, colorJitter: {} } }), all({}));
  assertEquals(all({ augment: AUGMENT, train: false }), all({ train: false }));
});

Deno.test("DataLoader() refuses to vary the bytes of images of other than 1 or 3 channels", () => {
  const dataset = tinyDataset(6, 2, 4, 2);
  const make = (augment: AugmentOptions) =>
    new DataLoader(dataset, { batchSize: 4, train: true, augment });
  for (const augment of [{ randAugment: {} }, { colorJitter: { hue: 0.1 } }]) {
    assertThrows(() => make(augment), UserError, "images of 1 or 3 channels; these have 2");
  }
  const [{ images }] = make({ randomErasing: { p: 1, value: 7 } }).epoch(1);
  assert(images.includes(7));
  const misspelt = { randomErase: {} } as AugmentOptions;
  assertThrows(() => make(misspelt), TypeError, "has no option randomErase; it has randAugment");
});
