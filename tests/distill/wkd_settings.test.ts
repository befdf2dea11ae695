import { assertEquals, assertThrows } from "@std/assert";
import { settleWkd, wkdParts, type WkdSettings } from "../../src/distill/wkd_settings.ts";
import { UserError } from "../../src/errors.ts";
import type { Shape } from "../../src/tensor/shape.ts";
import { resolveConfig } from "../config/sections.ts";

/** Features of resnet20 and resnet8 for images of 32 x 32. */
const CIFAR: Shape[] = [[1, 16, 32, 32], [1, 16, 32, 32], [1, 32, 16, 16], [1, 64, 8, 8]];

function settled(
  yaml: string,
  overrides: string[] = [],
  student: Shape[] = CIFAR,
  teacher: Shape[] = CIFAR,
) {
  const words = ["DISTILLER.TYPE", "WKD", ...overrides];
  const features = (feats: Shape[]) => ({ feats, preactFeats: [], pooledFeat: [1, 64] });
  const { LOSS, HINT_LAYER, PROJECTOR, SPATIAL_GRID } = settleWkd({
    options: resolveConfig(yaml, "x", words).WKD as WkdSettings,
    epochs: 240,
    featureShapes: () => ({ student: features(student), teacher: features(teacher) }),
  });
  return [
    LOSS.WKD_LOGIT_WEIGHT,
    LOSS.WKD_FEAT_WEIGHT,
    LOSS.COSINE_DECAY_EPOCH,
    HINT_LAYER,
    PROJECTOR,
    SPATIAL_GRID,
  ];
}

Deno.test("settleWkd() gives both losses where nothing is said", () => {
  assertEquals(settled(""), [50, 0.25, 150, -1, "bottleneck", 4]);
});

Deno.test("settleWkd() leaves the authors' files what they mean", () => {
  const authors = "WKD: {LOSS: {WKD_LOGIT_WEIGHT: 10, WKD_FEAT_WEIGHT: 1}}";
  const deep = [...CIFAR, [1, 128, 4, 4]];
  assertEquals(settled(authors, [], deep, deep), [10, 1, 0, 4, "bottleneck", 4]);
  assertThrows(() => settled(authors), UserError, "WKD.HINT_LAYER 4: the student has 4 features");
  const logit = "WKD: {LOSS: {WKD_LOGIT_WEIGHT: 10}}";
  assertEquals(settled(logit), [10, 0, 0, 4, "bottleneck", 4]);
  // Of a configuration that every key was saved in, auto is auto.
  const saved = "WKD: {LOSS: {WKD_LOGIT_WEIGHT: auto, WKD_FEAT_WEIGHT: 0}}";
  assertEquals(resolveConfig(saved, "x", ["DISTILLER.TYPE", "WKD"]).WKD.HINT_LAYER, 4);
});

Deno.test("settleWkd() follows what is said on the command line", () => {
  const off = ["WKD.LOSS.WKD_FEAT_WEIGHT", "0"];
  assertEquals(settled("", off).slice(0, 3), [50, 0, 150]);
  const on = ["WKD.LOSS.WKD_FEAT_WEIGHT", "2"];
  assertEquals(settled("", on), [0, 2, 0, -1, "bottleneck", 4]);
  assertEquals(
    wkdParts({
      ...{ CE_WEIGHT: 1, COSINE_DECAY_EPOCH: "auto" },
      ...{ WKD_LOGIT_WEIGHT: 0, WKD_FEAT_WEIGHT: 0 },
    }),
    [false, false],
  );
});

Deno.test("settleWkd() finds features that can be compared", () => {
  // The last maps have one pixel; of those before it the student's is twice as large.
  const student: Shape[] = [[1, 16, 32, 32], [1, 64, 8, 8], [1, 64, 1, 1]];
  const teacher: Shape[] = [[1, 16, 32, 32], [1, 128, 4, 4], [1, 256, 1, 1]];
  assertEquals(settled("", [], student, teacher), [50, 0.125, 150, -2, "conv1x1", 2]);
  const none: Shape[] = [[1, 16, 5, 5]];
  assertThrows(
    () => settled("", [], none, [[1, 16, 32, 32]]),
    UserError,
    "WKD-F finds no feature of the student's",
  );
});
