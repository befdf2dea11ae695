import { assertEquals } from "@std/assert";
import { cutMetrics, jsonl } from "../../src/logging/metrics_jsonl.ts";
import { cutWorklog, worklog } from "../../src/logging/worklog.ts";
import type { TrainEvent } from "../../src/train/events.ts";
import { EPOCH_END, POINT, RUN_END } from "./helpers.ts";

const epoch = (number: number): TrainEvent => ({ ...EPOCH_END, epoch: number });
const point = (globalStep: number): TrainEvent => ({ ...POINT, globalStep });

function written(log: typeof worklog, events: readonly TrainEvent[]): string {
  let text = "";
  events.forEach(log((more) => text += more));
  return text;
}

Deno.test("cutMetrics() keeps the lines before a position, and whole ones alone", () => {
  const events = [point(5), epoch(1), point(10), epoch(2), point(15), epoch(3), point(20)];
  const text = written(jsonl, events);
  const cut = (epoch: number, globalStep: number) =>
    cutMetrics(text, { epoch, globalStep }).trimEnd().split("\n").filter(Boolean)
      .map((line) => JSON.parse(line)).map(({ kind, epoch, globalStep }) =>
        kind === "step" ? `step ${globalStep}` : `epoch ${epoch}`
      );
  assertEquals(cut(3, 12), ["step 5", "epoch 1", "step 10", "epoch 2"]);
  assertEquals(cut(3, 15), ["step 5", "epoch 1", "step 10", "epoch 2", "step 15"]);
  assertEquals(cut(1, 0), []);
  assertEquals(cutMetrics(text, { epoch: 9, globalStep: 99 }), text);
  for (const end of [text.length - 1, text.length - 20, text.length - 200]) {
    const kept = cutMetrics(text.slice(0, end), { epoch: 9, globalStep: 99 });
    // Only the line break is missing in the first case: the line is whole and gets it back.
    const lines = text.slice(0, end === text.length - 1 ? undefined : end);
    assertEquals(kept, lines.slice(0, lines.lastIndexOf("\n") + 1));
  }
  assertEquals(cutMetrics('null\n7\n{"epoch":1}\n', { epoch: 2, globalStep: 0 }), '{"epoch":1}\n');
});

Deno.test("cutWorklog() keeps the blocks before an epoch, and whole ones alone", () => {
  const text = written(worklog, [epoch(1), epoch(2), RUN_END, epoch(3), epoch(4)]);
  const head = written(worklog, [epoch(1), epoch(2), RUN_END]);
  const position = (epoch: number) => ({ epoch, globalStep: 0 });
  assertEquals(cutWorklog(text, position(3)), head);
  assertEquals(cutWorklog(text, position(1)), "");
  assertEquals(cutWorklog(text, position(5)), text);
  for (const cutAt of [1, 30, 40, 200]) {
    assertEquals(
      cutWorklog(head + text.slice(head.length, head.length + cutAt), position(9)),
      head,
    );
  }
  const mine = "a note of mine\n" + head;
  assertEquals(cutWorklog(mine, position(3)), mine);
  assertEquals(cutWorklog("", position(1)), "");
});
