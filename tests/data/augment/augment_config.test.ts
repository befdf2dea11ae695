import { assert, assertEquals, assertThrows } from "@std/assert";
import { resolveConfig } from "../../../src/config/resolve_config.ts";
import { augmentOptions, describeAugment } from "../../../src/data/augment/augment_config.ts";
import { UserError } from "../../../src/errors.ts";

function options(...overrides: string[]) {
  const keys = overrides.map((each, i) => i % 2 === 0 ? `DATASET.AUGMENT.${each}` : each);
  return augmentOptions(resolveConfig("", "x", keys).DATASET.AUGMENT);
}

Deno.test("augmentOptions() has nothing by default, and what is switched on", () => {
  assertEquals(options(), undefined);
  assertEquals(options("RAND_AUGMENT_MAGNITUDE", "20"), undefined);
  assertEquals(options("RAND_AUGMENT_OPS", "2"), { randAugment: { numOps: 2, magnitude: 9 } });
  assertEquals(options("COLOR_JITTER_HUE", "0.1"), {
    colorJitter: { brightness: 0, contrast: 0, saturation: 0, hue: 0.1 },
  });
  const erasing = { p: 0.25, scale: [0.02, 0.33], ratio: [0.3, 3.3] } as const;
  assertEquals(options("RANDOM_ERASING", "0.25"), { randomErasing: { ...erasing, value: 0 } });
  assertEquals(options("RANDOM_ERASING", "0.25", "RANDOM_ERASING_VALUE", "random"), {
    randomErasing: { ...erasing, value: "random" },
  });
});

Deno.test("describeAugment() names what is switched on", () => {
  assertEquals(describeAugment(undefined), "");
  const all = options("RAND_AUGMENT_OPS", "2", "COLOR_JITTER_HUE", "0.1", "RANDOM_ERASING", "0.5");
  assertEquals(describeAugment(all), "RandAugment 2 x 9, colour jitter, random erasing 0.5");
});

Deno.test("the keys of DATASET.AUGMENT refuse values out of their ranges", () => {
  for (
    const [key, value, message] of [
      ["RAND_AUGMENT_MAGNITUDE", "31", "an integer of at least 0 and of at most 30; got 31"],
      ["COLOR_JITTER_HUE", "0.6", "a number of at least 0 and of at most 0.5; got 0.6"],
      ["RANDOM_ERASING_SCALE", "[0.4, 0.1]", "of at most 1 in ascending order"],
      ["RANDOM_ERASING_RATIO", "[0, 1]", "a list of 2 numbers greater than 0 in ascending order"],
      ["RANDOM_ERASING_VALUE", "mean", "one of zero, random; got"],
      ["RANDOM_ERASE", "1", "did you mean DATASET.AUGMENT.RANDOM_ERASING?"],
    ]
  ) {
    const error = assertThrows(() => options(key, value), UserError, message);
    assert(error.message.includes(`DATASET.AUGMENT.${key}`), error.message);
  }
});
