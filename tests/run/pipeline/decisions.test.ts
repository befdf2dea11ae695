import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { UserError } from "../../../src/errors.ts";
import "../../../src/data/registry.ts";
import "../../../src/optim/registry.ts";
import {
  decide,
  type DistillRequest,
  type Facts,
  methodSettings,
} from "../../../src/run/pipeline/decisions.ts";
import { refuseOwnKeys } from "../../../src/run/pipeline/plan.ts";
import { refuseChanges } from "../../../src/run/pipeline/state.ts";
import { TimeLeft } from "../../../src/run/pipeline/time_left.ts";

const NOTHING: DistillRequest = {
  ...{ pictures: "p", type: "image_folder", teacher: null, teacherFile: null, student: null },
  ...{ teacherInit: null, teacherHash: null },
  ...{ method: "wkd_l_f", epochs: null, size: null, batch: null, share: 0.1, seed: 0 },
  overrides: [],
};

const FACTS: Facts = {
  ...{ images: 1350, classes: 5, channels: 3, side: 32, fixed: null, family: null, taught: null },
  software: true,
};

Deno.test("decide() goes by the pictures and by what computes, and says why", () => {
  const small = decide(NOTHING, FACTS);
  assertEquals([small.size, small.transform, small.batch], [32, "cifar", 64]);
  assertEquals([small.teacher, small.student], ["resnet20", "resnet8"]);
  assertEquals(small.why.length, 6);
  const few = decide(NOTHING, { ...FACTS, images: 60 });
  assertEquals([few.batch, few.epochs, few.lr], [4, 100, 0.0031]);
  const photos = { ...FACTS, side: 375 };
  const slow = decide(NOTHING, photos);
  assertEquals([slow.size, slow.transform], [64, "cifar"]);
  assertStringIncludes(slow.why[0], "a graphics card would get 224");
  const fast = decide(NOTHING, { ...photos, software: false });
  assertEquals([fast.size, fast.transform], [224, "imagenet"]);
  assertEquals([fast.teacher, fast.student], ["ResNet34", "ResNet18"]);
});

Deno.test("decide() does what was asked for", () => {
  const asked = { teacher: "resnet56", student: "MobileNetV2", epochs: 3, size: 64, batch: 16 };
  const { teacher, student, epochs, size, batch, why } = decide({ ...NOTHING, ...asked }, FACTS);
  assertEquals({ teacher, student, epochs, size, batch }, asked);
  assertEquals(why.filter((line) => line.endsWith("as asked for")).length, 5);
  assertThrows(() => decide({ ...NOTHING, student: "resnet9" }, FACTS), UserError, "resnet8");
  assertThrows(
    () => decide({ ...NOTHING, size: 64 }, { ...FACTS, fixed: 28 }),
    UserError,
    "--size is for folders of pictures",
  );
});

Deno.test("methodSettings() knows WKD's parts and every distiller", () => {
  assertEquals(methodSettings("kd"), { type: "KD", settings: [] });
  assertEquals(methodSettings("wkd_f").settings[0], "WKD.LOSS.WKD_LOGIT_WEIGHT");
  assertThrows(
    () => methodSettings("none"),
    UserError,
    "--method can be wkd_l_f, wkd_l, wkd_f, at",
  );
});

Deno.test("a pipeline refuses settings of its own, and others than it was begun with", () => {
  refuseOwnKeys(["SOLVER.LR", "0.1"]);
  assertThrows(
    () => refuseOwnKeys(["SOLVER.LR", "1", "DISTILLER.STUDENT", "resnet8"]),
    UserError,
    "DISTILLER.STUDENT is not for distill, which has --student for it",
  );
  refuseChanges("f", NOTHING, { ...NOTHING });
  assertThrows(
    () => refuseChanges("f", NOTHING, { ...NOTHING, epochs: 5 }),
    UserError,
    "f was begun with --epochs left out, and now it is 5; go on with the same",
  );
});

Deno.test("TimeLeft adds the stages to come, at the speed of the one under way", () => {
  const left = new TimeLeft([{ name: "a", work: 100 }, { name: "b", work: 50 }]);
  assertEquals(left.during("a", 10, 0.5), 20);
  left.took("a", 20);
  assertEquals(left.during("b", 5, 0.5), 5);
});
