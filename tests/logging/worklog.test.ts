import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { WriteError } from "../../src/formats/atomic_write.ts";
import { appendTo } from "../../src/logging/event_file.ts";
import { epochScalars } from "../../src/logging/log_scalars.ts";
import { jsonl } from "../../src/logging/metrics_jsonl.ts";
import { progress } from "../../src/logging/progress.ts";
import { worklog } from "../../src/logging/worklog.ts";
import { combine, type TrainEvent } from "../../src/train/events.ts";
import { EPOCH_END, POINT, RUN_END, RUN_START, STEP } from "./helpers.ts";
import { inTempDir } from "../temp_dir.ts";

const EVENTS: TrainEvent[] = [RUN_START, STEP, POINT, EPOCH_END, RUN_END];

Deno.test("worklog() writes a block for each epoch and the best accuracy", () => {
  let text = "";
  EVENTS.forEach(worklog((more) => text += more));
  assertEquals(
    text,
    `-------------------------
epoch: 3
lr: 0.00005
train_acc: 83.26
train_acc_top5: 99.10
train_loss: 0.5123
train_loss_ce: 0.4000
train_loss_kd: 0.1123
test_acc: 85.60
test_acc_top5: 99.64
test_loss: 0.4100
-------------------------
best_acc\t90.13
`,
  );
});

Deno.test("jsonl() writes an object a line for each point and each epoch", () => {
  let text = "";
  EVENTS.concat(EVENTS).forEach(jsonl((more) => text += more));
  const lines = text.trimEnd().split("\n").map((line) => JSON.parse(line));
  const { type: _, ...epoch } = EPOCH_END;
  const { type: __, ...step } = POINT;
  const both = [{ kind: "step", ...step }, { kind: "epoch", ...epoch }];
  assertEquals(lines, [...both, ...both]);
});

Deno.test("the logs have the balanced accuracy where there is one", () => {
  const event = { ...EPOCH_END, test: { ...EPOCH_END.test, balancedAccuracy: 71.239 } };
  let log = "";
  worklog((more) => log += more)(event);
  assertStringIncludes(log, "\ntest_acc_top5: 99.64\ntest_acc_balanced: 71.24\ntest_loss: ");
  let shown = "";
  progress({ write: (more) => shown += more, tty: false, columns: () => 200 })(event);
  assertStringIncludes(shown, " top-5 99.64 %  balanced 71.24 %  best 85.60 %");
  assertEquals(epochScalars(event).test_acc_balanced, 71.239);
  assert(!("test_acc_balanced" in epochScalars(EPOCH_END)));
});

Deno.test("the logs have no top-5 where there is none", () => {
  const { train: { top5: _, ...train }, test: { top5: __, ...test } } = EPOCH_END;
  let log = "";
  worklog((more) => log += more)({ ...EPOCH_END, train, test });
  assert(!log.includes("top5"), log);
  const names = Object.keys(epochScalars({ ...EPOCH_END, train, test }));
  assertEquals(names.filter((name) => name.includes("top5")), []);
});

Deno.test("the logs say of a test loss that it is no number", () => {
  const losses = [[NaN, "nan"], [Infinity, "inf"], [-Infinity, "-inf"], [1.23456e30, "1.2346e+30"]];
  for (const [loss, text] of losses as [number, string][]) {
    const event = { ...EPOCH_END, test: { ...EPOCH_END.test, loss } };
    let log = "";
    worklog((more) => log += more)(event);
    assertStringIncludes(log, `\ntest_loss: ${text}\n`);
    let line = "";
    jsonl((more) => line += more)(event);
    assertEquals(JSON.parse(line).test, { ...EPOCH_END.test, loss: isFinite(loss) ? loss : null });
    let shown = "";
    progress({ write: (more) => shown += more, tty: false })(event);
    assertStringIncludes(shown, `  test loss ${text} top-1 `);
  }
});

Deno.test("combine() passes every event to every sink in order", () => {
  const seen: string[] = [];
  combine((event) => seen.push(`a ${event.type}`), (event) => seen.push(`b ${event.type}`))(STEP);
  assertEquals(seen, ["a step", "b step"]);
});

Deno.test("appendTo() makes the folder, appends, and names a file it cannot write", () => {
  return inTempDir((folder) => {
    const path = join(folder, "run", "worklog.txt");
    appendTo(path)("one\n");
    appendTo(path)("two\n");
    assertEquals(Deno.readTextFileSync(path), "one\ntwo\n");
    const run = join(folder, "run");
    assertThrows(() => appendTo(run)("x"), WriteError, `cannot write ${run}: it is a folder`);
  });
});
