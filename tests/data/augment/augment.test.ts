import { assertAlmostEquals, assertEquals } from "@std/assert";
import {
  type Augmentation,
  cropPadding,
  drawAugmentation,
  writeImage,
  writeImageBytes,
} from "../../../src/data/augment/augment.ts";
import { normalisationTable } from "../../../src/data/images/normalisations.ts";
import { KeyedRandom } from "../../../src/data/random.ts";
import { tinyDataset } from "../helpers.ts";

const DATASET = { ...tinyDataset(2, 2, 5, 2), mean: [0.5, 0.25], std: [0.25, 0.5] };
const TABLE = normalisationTable(DATASET.mean, DATASET.std);
const SIZE = 2 * 5 * 5;

/** torchvision's order: pad with zeros, crop, mirror, scale to [0, 1], normalise. */
function expected(position: number, { dy, dx, flip }: Augmentation): number[] {
  const result: number[] = [];
  for (let c = 0; c < 2; c++) {
    for (let y = 0; y < 5; y++) {
      for (let x = 0; x < 5; x++) {
        const row = y + dy;
        const column = (flip ? 4 - x : x) + dx;
        const inside = row >= 0 && row < 5 && column >= 0 && column < 5;
        const byte = inside ? DATASET.images[position * SIZE + (c * 5 + row) * 5 + column] : 0;
        result.push(Math.fround((byte / 255 - DATASET.mean[c]) / DATASET.std[c]));
      }
    }
  }
  return result;
}

Deno.test("normalisationTable() normalises a byte as ToTensor and Normalize do", () => {
  assertAlmostEquals(TABLE[51], (0.2 - 0.5) / 0.25, 1e-6);
  assertAlmostEquals(TABLE[256 + 255], (1 - 0.25) / 0.5, 1e-6);
  assertEquals(TABLE.length, 512);
});

Deno.test("writeImage() crops, mirrors and normalises for every offset", () => {
  for (let dy = -2; dy <= 2; dy++) {
    for (let dx = -2; dx <= 2; dx++) {
      for (const flip of [false, true]) {
        const target = new Float32Array(SIZE + 2).fill(99);
        writeImage(target, 1, DATASET, 3, TABLE, { dy, dx, flip });
        assertEquals(
          [...target],
          [99, ...expected(3, { dy, dx, flip }), 99],
          `${dy},${dx},${flip}`,
        );
      }
    }
  }
});

Deno.test("writeImage() leaves the image in place by default", () => {
  const target = new Float32Array(SIZE);
  writeImage(target, 0, DATASET, 1, TABLE);
  assertEquals([...target], expected(1, { dy: 0, dx: 0, flip: false }));
});

Deno.test("drawAugmentation() draws every crop and both sides as often", () => {
  const crops = new Map<string, number>();
  let flips = 0;
  const random = new KeyedRandom();
  for (let i = 0; i < 25_000; i++) {
    random.reset(0, 1, i);
    const { dy, dx, flip } = drawAugmentation(random, 2);
    crops.set(`${dy},${dx}`, (crops.get(`${dy},${dx}`) ?? 0) + 1);
    if (flip) flips++;
  }
  assertEquals(crops.size, 25);
  for (const count of crops.values()) assertAlmostEquals(count, 1000, 150);
  assertAlmostEquals(flips, 12_500, 400);
});

Deno.test("cropPadding() is 2 for 28 x 28 and 4 for 32 x 32", () => {
  assertEquals([28, 32].map(cropPadding), [2, 4]);
});

Deno.test("writeImageBytes() writes the bytes that writeImage() normalises", () => {
  const target = new Uint8Array(SIZE).fill(7);
  for (const dy of [-2, 0, 1]) {
    for (const dx of [-1, 0, 2]) {
      for (const flip of [false, true]) {
        writeImageBytes(target, DATASET, 1, { dy, dx, flip });
        const normalised = Array.from(target, (byte, i) => TABLE[Math.floor(i / 25) * 256 + byte]);
        assertEquals(normalised, expected(1, { dy, dx, flip }));
      }
    }
  }
});
