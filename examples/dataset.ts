/** Noisy stripes of four directions, for `DATASET.TYPE stripes`. */
import * as wkd from "../mod.ts";

const CLASSES = ["across", "down", "falling", "rising"];
const SIDE = 16;

function stripes(length: number, seed: number): wkd.ImageDataset {
  const random = new wkd.Generator(seed);
  const images = new Uint8Array(length * SIDE * SIDE);
  const labels = Int32Array.from({ length }, (_, i) => i % CLASSES.length);
  for (let at = 0; at < images.length; at++) {
    const [y, x] = [Math.floor(at / SIDE) % SIDE, at % SIDE];
    const position = [y, x, x + y, x - y + SIDE][labels[Math.floor(at / SIDE ** 2)]];
    images[at] = 120 * Math.floor(position / 2 % 2) + 135 * random.next();
  }
  const shape = { channels: 1, height: SIDE, width: SIDE };
  return { name: "stripes", images, labels, length, ...shape, classes: CLASSES, ...NORMALISATION };
}

const NORMALISATION = { mean: [0.5], std: [0.28] };

wkd.registerDataset({
  name: "stripes",
  doc: "Stripes that are made as they are loaded.",
  load: () => ({ train: stripes(256, 1), test: stripes(64, 2) }),
});
