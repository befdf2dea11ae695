import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertNotEquals,
  assertThrows,
} from "@std/assert";
import { cutMix, Mixer, UNMIXED } from "../../../src/data/augment/mix.ts";

interface BoxCase {
  share: number;
  y: number;
  x: number;
  height: number;
  width: number;
  box: [number, number, number, number];
  corrected: number;
}

const { boxes }: { boxes: BoxCase[] } = JSON.parse(
  Deno.readTextFileSync(new URL("../../fixtures/data/mixing.json", import.meta.url)),
);

Deno.test("cutMix() cuts the boxes of timm, and corrects the share by their area", () => {
  for (const { share, y, x, height, width, box, corrected } of boxes) {
    const mix = cutMix(share, y, x, height, width);
    assertEquals(mix.box, box);
    assertEquals(mix.weight, 1);
    assertAlmostEquals(mix.share, corrected, 1e-12);
  }
});

/** What 4000 batches of 8 x 8 pixels are mixed by. */
function draws(options: ConstructorParameters<typeof Mixer>[0]) {
  const mixer = new Mixer(options);
  return Array.from({ length: 4000 }, (_, step) => mixer.draw(1, step, 8, 8));
}

Deno.test("Mixer.draw() is a function of seed, epoch and step", () => {
  const mixer = new Mixer({ mixupAlpha: 0.8, cutmixAlpha: 1, seed: 3 });
  const first = mixer.draw(2, 5, 28, 28);
  mixer.draw(2, 6, 28, 28);
  assertEquals(mixer.draw(2, 5, 28, 28), first);
  assertEquals(new Mixer({ mixupAlpha: 0.8, cutmixAlpha: 1, seed: 3 }).draw(2, 5, 28, 28), first);
  for (const [epoch, step] of [[3, 5], [2, 6]]) {
    assertNotEquals(mixer.draw(epoch, step, 28, 28), first);
  }
  const other = new Mixer({ mixupAlpha: 0.8, cutmixAlpha: 1, seed: 4 });
  assertNotEquals(other.draw(2, 5, 28, 28), first);
});

for (const mixupAlpha of [0.01, 0.2, 1, 4]) {
  Deno.test(`Mixer.draw() takes mixup's share from Beta(${mixupAlpha}, ${mixupAlpha})`, () => {
    const shares = draws({ mixupAlpha }).map(({ weight, box, share }) => {
      assertEquals([weight, box], [share, UNMIXED.box]);
      return share;
    });
    assert(shares.every((share) => share >= 0 && share <= 1));
    const mean = shares.reduce((a, b) => a + b) / shares.length;
    const variance = shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) / shares.length;
    // Five standard errors of 4000 draws, at most.
    assertAlmostEquals(mean, 0.5, 0.04);
    assertAlmostEquals(variance, 1 / (4 * (2 * mixupAlpha + 1)), 0.012);
  });
}

Deno.test("Mixer.draw() mixes as many batches, and by as many boxes, as asked", () => {
  const mixes = draws({ mixupAlpha: 1, cutmixAlpha: 1, prob: 0.75, switchProb: 0.2 });
  const mixed = mixes.filter((mix) => mix !== UNMIXED);
  assertAlmostEquals(mixed.length / mixes.length, 0.75, 0.04);
  const cut = mixed.filter(({ weight }) => weight === 1);
  assertAlmostEquals(cut.length / mixed.length, 0.2, 0.04);
  for (const { box: [top, bottom, left, right], share } of cut) {
    assert(top >= 0 && bottom <= 8 && left >= 0 && right <= 8);
    assertEquals(share, 1 - (bottom - top) * (right - left) / 64);
  }
  assert(draws({ cutmixAlpha: 1, switchProb: 0 }).every(({ weight }) => weight === 1));
});

Deno.test("Mixer() is off without an alpha, and refuses numbers out of range", () => {
  assertEquals(new Mixer({}).on, false);
  assertEquals(new Mixer({ mixupAlpha: 1, prob: 0 }).on, false);
  assertEquals(new Mixer({ cutmixAlpha: 0.1 }).on, true);
  const wrong = [{ mixupAlpha: -1 }, { cutmixAlpha: NaN }, { prob: 2 }, { switchProb: -0.1 }];
  for (const options of wrong) assertThrows(() => new Mixer(options), RangeError, "wanted");
  assertThrows(() => new Mixer({ alpha: 1 } as never), TypeError, "has no option alpha");
});
