import { assertEquals } from "@std/assert";
import { liveListener } from "../../../src/cli/distill/live.ts";
import type { LiveNews } from "../../../src/report/live/live_state.ts";
import type { PipelineListener } from "../../../src/run/pipeline/options.ts";
import { EPOCH_END, STEP } from "../../logging/helpers.ts";

Deno.test("liveListener() shows a pipeline's stages on the page, with the time until all of them are done", () => {
  const [told, heard]: [LiveNews[], string[]] = [[], []];
  const listener: PipelineListener = {
    stage: (name) => heard.push(name),
    pictures: () => heard.push("pictures"),
    decided: () => heard.push("decided"),
    progress: (what) => heard.push(what),
    run: () => (event) => heard.push(event.type),
    note: (message) => heard.push(message),
    warn: (message) => heard.push(message),
  };
  const take = (news: LiveNews) => void told.push(news);
  const live = liveListener(listener, { tell: take, sink: take });
  live.stage("teacher", 2, 5, "done before");
  live.progress("images", 3, 9);
  const sink = live.run("student", 12, (seconds, part) => seconds + 1000 * part);
  for (const event of [STEP, EPOCH_END]) sink(event);
  sink({ type: "evaluate", epoch: 6, done: 1, total: 2, etaSeconds: 5 });
  live.note("a note");
  live.warn("a warning");
  assertEquals(told, [
    { type: "stage", name: "teacher", at: 2, of: 5 },
    { type: "note", message: "done before" },
    { type: "counted", what: "images", done: 3, total: 9 },
    // Two and a half of twelve epochs are done.
    { ...STEP, etaSeconds: 125 + 1000 * (1 - 2.5 / 12) },
    EPOCH_END,
    { type: "evaluate", epoch: 6, done: 1, total: 2, etaSeconds: 505 },
    { type: "note", message: "a note" },
    { type: "warning", message: "a warning" },
  ]);
  assertEquals(
    heard,
    ["teacher", "images", "step", "epoch_end", "evaluate", "a note", "a warning"],
  );
});
