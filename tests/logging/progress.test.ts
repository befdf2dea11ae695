import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { progress, type ProgressOptions } from "../../src/logging/progress.ts";
import type { TickingLine } from "../../src/logging/compile_ticker.ts";
import type { TrainEvent } from "../../src/train/events.ts";
import { EPOCH_END, RUN_END, RUN_START, STEP } from "./helpers.ts";

function capture(events: TrainEvent[], options: ProgressOptions = {}): string[] {
  const written: string[] = [];
  let time = 0;
  const sink = progress({
    write: (text) => written.push(text),
    tty: false,
    color: false,
    columns: () => 200,
    now: () => time += 1000,
    ...options,
  });
  for (const event of events) sink(event);
  return written;
}

Deno.test("progress() says what runs where, and how it ended", () => {
  const [start, end] = capture([RUN_START, RUN_END]);
  assertEquals(
    start,
    "SOLVER\n  LR  0.05\n(the others are the defaults; config.yaml has all)\n\n" +
      "resnet20 (272,186 parameters) teaches resnet8 (77,754 parameters)\n" +
      "12 epochs of 156 steps, on llvmpipe\nfiles in output/x\n\n",
  );
  assertEquals(
    end,
    "best     90.13 % top-1 after epoch 11 of 12\nlast     90.05 %, done in 3 min 20 s\nfiles    output/x\n",
  );
  const [again] = capture([{ ...RUN_START, teacher: null, startEpoch: 4 }]);
  assertStringIncludes(
    again,
    "\nresnet8 (77,754 parameters)\n12 epochs of 156 steps, from epoch 4",
  );
});

Deno.test("progress() shows a folder's control characters on its line", () => {
  const outputDir = "output/x\n\x1b[31m\x9b\u202e";
  const [start, end] = capture([{ ...RUN_START, outputDir }, { ...RUN_END, outputDir }]);
  for (const text of [start.trimEnd(), end.trimEnd()]) {
    assertStringIncludes(
      text.split("\n").at(-1)!,
      "output/x\\x0a\\x1b[31m\\u009b\\u202e",
    );
  }
});

Deno.test("progress() writes plain lines every few seconds without a terminal", () => {
  const lines = capture(new Array(11).fill(STEP), { interval: 5000 });
  assertEquals(lines.length, 3);
  assertEquals(
    lines[0],
    "epoch 3  78/156  loss 1.2346  CE 1.0000  KD 0.2346  top-1 61.23 %  512 images/s  2 min 05 s left\n",
  );
});

Deno.test("progress() draws a bar over itself on a terminal, then a line for the epoch", () => {
  const [bar, clear, line] = capture([STEP, EPOCH_END], { tty: true });
  assertStringIncludes(bar, "\r\x1b[2Kepoch 3  ████████████░░░░░░░░░░░░ 78/156  loss 1.2346");
  assert(!bar.includes("\n"));
  assertEquals(clear, "\r\x1b[2K");
  assertEquals(
    line,
    "epoch  3/12  lr 0.00005  train loss 0.5123 top-1 83.26 %  CE 0.4000  KD 0.1123  test loss 0.4100 top-1 85.60 %  " +
      "top-5 99.64 %  best 85.60 % (epoch 3)  22 s  data 0.1 s  500 images/s\n",
  );
});

Deno.test("progress() draws at most ten bars a second, but always the full one", () => {
  let time = 0;
  const events = [1, 2, 3, 4, 156].map((step) => ({ ...STEP, step }));
  const bars = capture(events, { tty: true, now: () => time += 40 });
  assertEquals(bars.map((bar) => /(\d+)\/156/.exec(bar)?.[1]), ["1", "4", "156"]);
});

Deno.test("progress() keeps the time left at any width, and lets the terms of the loss go first", () => {
  const losses = { loss_ce: 1, loss_wkd_l: 0.2, loss_wkd_f: 0.03 };
  const evaluate = { type: "evaluate", epoch: 3, done: 20, total: 100, etaSeconds: 125 } as const;
  const at = (columns: number) =>
    capture([RUN_START, { ...STEP, losses }, evaluate, EPOCH_END], {
      ...{ tty: true, columns: () => columns },
    }).slice(1).map((text) => text.replace("\r\x1b[2K", "").trimEnd()).filter(Boolean);
  for (const columns of [20, 40, 60, 80, 100, 120, 200]) {
    const [step, test, epoch] = at(columns);
    for (const text of [step, test]) {
      assert(text.length < columns && text.endsWith("2 min 05 s left"), text);
    }
    assert(epoch.length <= columns && epoch.includes("3/12"), epoch);
  }
  assertStringIncludes(at(120)[0], "  CE 1.00  WKD-L 0.20  WKD-F 0.03  ");
  assertEquals(
    at(80)[0],
    "epoch 3/12  ███░░░ 78/156  loss 1.23  top-1 61.23 %  512 img/s  2 min 05 s left",
  );
  assertEquals(
    at(80)[2],
    "epoch  3/12  train loss 0.5123 top-1 83.26 %  test 85.60 %  best 85.60 %  22 s",
  );
});

Deno.test("progress() draws a curve of top-1 over the epochs so far, and says how the student is against its teacher", () => {
  const epochs = [50, 40, 90].map((top1, i): TrainEvent => {
    return { ...EPOCH_END, epoch: i + 1, test: { ...EPOCH_END.test, top1 } };
  });
  const teacher = { name: "resnet20", top1: 92.9 };
  const end = { ...RUN_END, teacher, report: "output/x/report.html" };
  const written = capture([RUN_START, ...epochs, STEP, end], { tty: true });
  assertStringIncludes(written.find((text) => text.includes("78/156"))!, "  ▂▁█  512 images/s");
  assertEquals(
    written.at(-1),
    "best     90.13 % top-1 after epoch 11 of 12\nlast     90.05 %, done in 3 min 20 s  ▂▁█\n" +
      "teacher  92.90 % (resnet20): the student is 2.78 points below it\nreport   output/x/report.html\n",
  );
});

Deno.test("progress() writes no line that is longer than the terminal", () => {
  const message = "a long way to say that " + "there is little to say ".repeat(5);
  const resumeCommand =
    "deno task train --cfg configs/a_long_name/of_a_file.yaml --resume SOLVER.LR 0.1 X.NAME 'a b c d'";
  const interrupted = { type: "interrupted", epoch: 3, step: 79, resumeCommand } as const;
  const text = capture([{ type: "note", message }, interrupted], {
    ...{ tty: true, columns: () => 50 },
  }).join("").replaceAll("\r\x1b[2K", "");
  for (const line of text.split("\n")) assert(line.length <= 50, line);
  // What is typed is broken as a shell reads it.
  const typed = text.slice(text.indexOf("  deno task")).replaceAll(/ \\\n\s+/g, " ").trim();
  assertEquals(typed, resumeCommand);
});

Deno.test("progress() leaves no terminal mode changed when it is stopped", () => {
  const written = capture([
    STEP,
    { type: "warning", message: "slow" },
    STEP,
    { type: "interrupted", epoch: 3, step: 79, resumeCommand: "deno task train --resume" },
  ], { tty: true, color: true }).join("");
  // deno-lint-ignore no-control-regex
  const codes = new Set(written.match(/\x1b\[[?0-9]*[a-zA-Z]/g));
  assertEquals([...codes].sort(), ["\x1b[0m", "\x1b[2K", "\x1b[33m"]);
  assert(written.endsWith("\x1b[0m\n"));
  assertStringIncludes(written, "warning: slow\x1b[0m\n");
  assertStringIncludes(
    written,
    "stopped and saved at epoch 3, step 79; go on with:\n  deno task train --resume",
  );
});

Deno.test("progress() writes no escape codes without colour and without a terminal", () => {
  const events: TrainEvent[] = [RUN_START, STEP, EPOCH_END, RUN_END];
  assert(!capture(events).join("").includes("\x1b"));
  assert(!capture(events.slice(2), { tty: true }).join("").includes("\x1b[1m"));
});

Deno.test("progress() shows what is being compiled, then takes it away", () => {
  const compile = { type: "compile", pipelines: 4, ms: 1500 } as const;
  const [shown, cleared] = capture([
    { ...compile, current: "conv/direct.wgsl" },
    { ...compile, current: null },
  ], { tty: true });
  assertEquals(shown, "\r\x1b[2Kcompiling kernels: 4 done in 1.5 s, now conv/direct.wgsl");
  assertEquals(cleared, "\r\x1b[2K");
});

Deno.test("progress() names each kernel on a terminal, and elsewhere one every few seconds", () => {
  const kernels = ["a", "b", "c", "d"].map((current): TrainEvent => {
    return { type: "compile", pipelines: 1, ms: 1000, current };
  });
  const named = (options: ProgressOptions) => {
    let time = 0;
    return capture(kernels, { ...options, now: () => time += 20 }).map((line) =>
      line.trim().at(-1)
    );
  };
  assertEquals(named({ tty: true }), ["a", "b", "c", "d"]);
  assertEquals(named({ tty: false }), ["a"]);
});

Deno.test("progress() has a long compilation shown again until something else happens", () => {
  const lines: (TickingLine | null)[] = [];
  const ticker = { start: (line: TickingLine) => lines.push(line), stop: () => lines.push(null) };
  const compile = { type: "compile", pipelines: 4, ms: 1500, current: "conv" } as const;
  for (const tty of [false, true]) capture([compile, compile, STEP], { ticker, tty });
  const common = { before: "compiling kernels: 4 done in ", after: ", now conv", offset: 1500 };
  const seen = lines.map((line) => line && { ...line, since: 0 });
  const plain = { ...common, since: 0, period: 5000, columns: null };
  const status = { ...common, since: 0, period: 1000, columns: 200 };
  assertEquals(seen, [
    ...[{ ...plain, wait: 4000 }, { ...plain, wait: 2000 }, null],
    ...[{ ...status, wait: 0 }, { ...status, wait: 0 }, null],
  ]);
});

Deno.test("progress() says how long a kernel compiles while its thread is held up", async () => {
  const script = `
    import { progress } from ${
    JSON.stringify(new URL("../../src/logging/progress.ts", import.meta.url))
  };
    const sink = progress({ tty: false, interval: 100 });
    sink({ type: "compile", pipelines: 1, ms: 60000, current: "slow" });
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3000);
    sink({ type: "compile", pipelines: 2, ms: 63000, current: null });`;
  const { stdout, success } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-check", script],
    cwd: new URL("../../", import.meta.url),
  }).output();
  assert(success);
  const lines = new TextDecoder().decode(stdout).trim().split("\n");
  assertEquals(lines[0], "compiling kernels: 1 done in 1 min 00 s, now slow");
  assert(lines.length > 1, lines.join());
  assertMatch(lines.at(-1)!, /^compiling kernels: 1 done in 1 min 0[1-9] s, now slow$/);
});

Deno.test("progress() writes no colours to standard output where NO_COLOR is set", async () => {
  const script = `
    import { progress } from ${
    JSON.stringify(new URL("../../src/logging/progress.ts", import.meta.url))
  };
    progress({ tty: true })({ type: "warning", message: "x" });`;
  const run = async (env: Record<string, string>) => {
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", "--no-check", script],
      cwd: new URL("../../", import.meta.url),
      env,
    }).output();
    return new TextDecoder().decode(stdout);
  };
  assertEquals(await run({ NO_COLOR: "1" }), "warning: x\n");
  assertEquals(await run({ NO_COLOR: "" }), "\x1b[33mwarning: x\x1b[0m\n");
});
