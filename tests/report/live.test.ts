import {
  assert,
  assertEquals,
  assertMatch,
  assertNotEquals,
  assertStringIncludes,
} from "@std/assert";
import { join } from "@std/path";
import type { LiveMessages } from "../../src/report/client/live_data.ts";
import { EventHub } from "../../src/report/live/event_hub.ts";
import { LivePage } from "../../src/report/live/live.ts";
import { liveHandler, newToken } from "../../src/report/live/live_handler.ts";
import { LiveState } from "../../src/report/live/live_state.ts";
import { liveView } from "../../src/report/live/live_view.ts";
import { MetricsTail } from "../../src/report/live/metrics_tail.ts";
import { watchedFolder, WatchedRun } from "../../src/report/live/watch_run.ts";
import { EPOCH_END, RUN_END, RUN_START, STEP } from "../logging/helpers.ts";
import { inTempDir } from "../temp_dir.ts";

/** The events of a stream, by name, until `count` of them came or the stream ends. */
async function eventsOf(response: Response, count: number): Promise<[string, unknown][]> {
  const events: [string, unknown][] = [];
  let text = "";
  for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
    text += piece;
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const [, name, data] = /^event: (.*)\ndata: (.*)$/.exec(text.slice(0, end)) ?? [];
      if (name) events.push([name, JSON.parse(data)]);
      text = text.slice(end + 2);
    }
    if (events.length >= count) break;
  }
  return events;
}

Deno.test("EventHub tells all clients the same, and one that comes again what is now", async () => {
  const hub = new EventHub();
  const streams = Array.from({ length: 10 }, () => hub.connect([{ event: "a", data: 0 }]));
  hub.send([{ event: "b", data: "x\ny" }]);
  for (const stream of streams) {
    assertEquals(await eventsOf(stream, 2), [["a", 0], ["b", "x\ny"]]);
  }
  // All of them went.
  assertEquals(hub.clients, 0);
  assertEquals(await eventsOf(hub.connect([{ event: "a", data: 7 }]), 1), [["a", 7]]);
});

Deno.test("EventHub lets a client go that does not read, keeps the others, and is bounded", async () => {
  const hub = new EventHub(1000);
  const slow = hub.connect([]);
  const reader = hub.connect([]).body!.getReader();
  let read = 0;
  for (let i = 0; i < 50; i++) {
    hub.send([{ event: "n", data: "x".repeat(100) }]);
    read += (await reader.read()).value!.length;
  }
  assertEquals([hub.clients, hub.dropped], [1, 1]);
  assert(read > 5000);
  let failed = false;
  await slow.text().catch(() => failed = true);
  assert(failed);
  await reader.cancel();
  for (let i = 0; i < 40; i++) hub.connect([]);
  assertEquals(hub.clients, 32);
  assertEquals(hub.connect([]).status, 503);
  hub.close();
  assertEquals(hub.clients, 0);
});

Deno.test("liveHandler() answers those who know the token, asked from this machine by this page, and stops by POST alone", async () => {
  const token = newToken();
  let stopped = 0;
  const handler = liveHandler({
    ...{ token, hub: new EventHub(), now: () => [] },
    page: () => Promise.resolve("<p>page"),
    stop: () => stopped++,
  });
  const at = "http://127.0.0.1:8100";
  const ask = async (url: string, init: RequestInit = {}) => {
    const response = await handler(new Request(url, init));
    await response.body?.cancel();
    return response.status;
  };
  const from = (origin: string) => ({ method: "POST", headers: { origin } });
  assertEquals(await ask(`${at}/${token}/`), 200);
  assertEquals(await ask(`http://localhost:8100/${token}/events`), 200);
  const refused: [string, RequestInit, number][] = [
    [`${at}/`, {}, 404],
    [`${at}/${newToken()}/`, {}, 404],
    [`${at}/${token.slice(1)}/`, {}, 404],
    [`${at}/${token}0/`, {}, 404],
    [`${at}/${token}`, {}, 404],
    [`${at}/${token}/config.yaml`, {}, 404],
    [`${at}/${token}/stop/more`, from(at), 404],
    // A name of a stranger's that leads here, and a page of a stranger's.
    [`http://evil.example:8100/${token}/`, {}, 403],
    [`${at}/${token}/events`, { headers: { origin: "http://evil.example" } }, 403],
    [`${at}/${token}/stop`, from("http://evil.example"), 403],
    [`${at}/${token}/stop`, from("http://127.0.0.1:8101"), 403],
    [`${at}/${token}/stop`, from("null"), 403],
    [`${at}/${token}/stop`, { method: "POST" }, 403],
    [`${at}/${newToken()}/stop`, from(at), 404],
    [`${at}/${token}/stop`, {}, 405],
    [`${at}/${token}/`, from(at), 405],
    [`${at}/${token}/events`, from(at), 405],
  ];
  for (const [url, init, status] of refused) {
    assertEquals(await ask(url, init), status, `${init.method} ${url}`);
  }
  assertEquals(stopped, 0);
  assertEquals(await ask(`${at}/${token}/stop`, from(at)), 202);
  assertEquals(stopped, 1);
  assertMatch(token, /^[0-9a-f]{32}$/);
  assertNotEquals(token, newToken());
});

Deno.test("LiveState follows a run by its events, and keeps no more than it shows", () => {
  const state = new LiveState({ stops: true });
  state.take(RUN_START);
  state.take({ type: "compile", pipelines: 3, ms: 10, current: "conv2d" });
  assertEquals([state.status.phase, state.status.detail], ["compiling", "conv2d, 3 kernels done"]);
  state.take({ type: "compile", pipelines: 4, ms: 10, current: null });
  const losses = { loss_ce: 1, loss_wkd_l: 0.2 };
  for (let i = 0; i < 5000; i++) state.take({ ...STEP, losses, epoch: 1 + i % 12 });
  state.take({ ...EPOCH_END, epoch: 1 });
  for (let i = 0; i < 1000; i++) state.take({ type: "note", message: `note ${i}` });
  assertEquals(state.status.terms, [["CE", 0.4], ["KD", 0.11234]]);
  assert(JSON.stringify(state.curves()).length < 100_000);
  const { first, lines } = state.lines();
  assertEquals([lines.length, lines.at(-1), first + lines.length], [200, "note 999", 1002]);
  assertEquals(state.lines(first + 199).lines, ["note 999"]);
  state.take({ type: "memory", device: 3 * 2 ** 20, process: 2 ** 30 });
  const tiles = Object.fromEntries(
    liveView(state.status).tiles.map(({ id, value, beside }) => [id, [value, beside]]),
  );
  assertEquals(tiles.left, ["2 min 05 s", "8.3 % done"]);
  assertEquals(tiles.top1, ["85.60 %", "best 85.60 %, epoch 3"]);
  assertEquals(tiles.memory, ["3 MiB", "on the device at most; the process has 1 GiB"]);
  assertEquals(tiles.speed, ["500", "images/s on llvmpipe"]);

  state.take({ type: "stopping" });
  state.take(STEP);
  assertEquals([state.status.phase, liveView(state.status).stops], ["stopping", false]);
  state.take({ type: "interrupted", epoch: 3, step: 78, resumeCommand: "again" });
  state.take({ type: "end", reason: null });
  assertEquals([state.status.phase, liveView(state.status).command], ["stopped", "again"]);

  const failed = new LiveState();
  failed.take(RUN_START);
  failed.take({ type: "end", reason: "the disk is full" });
  assertEquals([failed.status.phase, failed.status.detail], ["ended", "the disk is full"]);
  const done = new LiveState();
  for (const event of [RUN_START, EPOCH_END, { ...RUN_END, report: "r.html" }]) done.take(event);
  done.take({ type: "end", reason: null });
  assertEquals([done.status.phase, done.status.part], ["done", 1]);
  assertStringIncludes(done.status.detail, "r.html");
});

Deno.test("LiveState shows a stage after another without the figures of the one before", () => {
  const state = new LiveState();
  state.take({ type: "stage", name: "teacher", at: 2, of: 5 });
  for (const event of [RUN_START, STEP, EPOCH_END]) state.take(event);
  assertEquals(liveView(state.status).heading, "2/5 teacher: resnet20 teaches resnet8");
  assert(state.curves().figures.length > 0);
  state.take({ type: "stage", name: "cost matrix", at: 3, of: 5 });
  assertEquals(state.curves().figures.length, 0);
  assertEquals([state.status.best, state.status.part], [null, 0]);
});

Deno.test("MetricsTail reads what was appended, whole lines alone, and a new log anew", async () => {
  await inTempDir((folder) => {
    const tail = new MetricsTail(folder);
    assertEquals(tail.next().lines, []);
    const path = join(folder, "metrics.jsonl");
    const line = (epoch: number) => {
      const { type: _, ...rest } = { ...EPOCH_END, epoch };
      return JSON.stringify({ kind: "epoch", ...rest }) + "\n";
    };
    const epochs = () => {
      const { anew, lines } = tail.next();
      return [anew, lines.map(({ epoch }) => epoch)];
    };
    Deno.writeTextFileSync(path, line(1) + line(2).slice(0, 40));
    assertEquals(epochs(), [true, [1]]);
    Deno.writeTextFileSync(path, line(2).slice(40) + "not JSON\n" + line(3), { append: true });
    assertEquals(epochs(), [false, [2, 3]]);
    assertEquals(epochs(), [false, []]);
    Deno.writeTextFileSync(path, line(1));
    assertEquals(epochs(), [true, [1]]);
  });
});

Deno.test("WatchedRun says of a run of another process where it is, from its files", async () => {
  await inTempDir((folder) => {
    const write = (name: string, text: string) => Deno.writeTextFileSync(join(folder, name), text);
    write("config.yaml", "DISTILLER: {TYPE: NONE, STUDENT: resnet8}\nSOLVER: {EPOCHS: 12}\n");
    let now = Date.now();
    const run = new WatchedRun(folder, () => now);
    run.look();
    assertEquals([run.state.status.title, run.state.status.phase], ["resnet8", "ended"]);
    write(".lock", "process 1 on this machine");
    const { type: _, ...line } = EPOCH_END;
    write("metrics.jsonl", JSON.stringify({ kind: "epoch", ...line }) + "\n");
    now += 3000;
    run.look();
    const { epoch, part, phase, secondsLeft } = run.state.status;
    assertEquals([epoch, part, phase], [3, 0.25, "training"]);
    // Nine epochs of 22 seconds, of which some three are over.
    assert(Math.abs(secondsLeft! - (9 * 22 - 3)) < 2, `${secondsLeft}`);
    assertEquals(liveView(run.state.status).stops, false);
    const last = JSON.stringify({ kind: "epoch", ...line, epoch: 12 }) + "\n";
    Deno.writeTextFileSync(join(folder, "metrics.jsonl"), last, { append: true });
    Deno.removeSync(join(folder, ".lock"));
    run.look();
    assertEquals([run.state.status.phase, run.state.status.epoch], ["done", 12]);

    for (const name of ["teacher", "student"]) {
      Deno.mkdirSync(join(folder, name));
      write(join(name, "config.yaml"), "");
      Deno.utimeSync(join(folder, name, "config.yaml"), now, name === "teacher" ? 100 : 50);
    }
    assertEquals(watchedFolder(folder), folder);
    write("pipeline.json", "{}");
    assertEquals(watchedFolder(folder), join(folder, "teacher"));
  });
});

Deno.test("LivePage serves a run from a thread of its own, and refuses a port that is taken", async () => {
  let stops = 0;
  const notes: string[] = [];
  const options = { stop: () => stops++, note: (message: string) => notes.push(message) };
  const page = await LivePage.open(options);
  page.deviceMemory = () => 5 * 2 ** 20;
  const { port, origin } = new URL(page.address);
  assertMatch(page.address, /^http:\/\/127\.0\.0\.1:81\d\d\/[0-9a-f]{32}\/$/);
  const taken = await LivePage.open({ ...options, port: Number(port) }).catch((error) => error);
  assertEquals(
    taken.message,
    `the port ${port} is taken by another program; name a free one with --live`,
  );
  for (const event of [RUN_START, STEP]) page.sink(event);
  const response = await fetch(`${page.address}events`);
  const [[, view], , [, lines]] = await eventsOf(response, 3) as [
    [string, LiveMessages["view"]],
    [string, LiveMessages["curves"]],
    [string, LiveMessages["lines"]],
  ];
  assertEquals(view.heading, "resnet20 teaches resnet8");
  assertStringIncludes(view.tiles.find(({ id }) => id === "memory")!.value, "5 MiB");
  assertStringIncludes(lines.lines[0], "12 epochs of 156 steps");
  const stopped = await fetch(`${page.address}stop`, { method: "POST", headers: { origin } });
  assertEquals([stopped.status, await stopped.text()], [202, ""]);
  while (stops === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const last = await fetch(`${page.address}events`);
  const [events] = await Promise.all([eventsOf(last, 100), page.close("the end")]);
  assertEquals(events.at(-1), ["end", null]);
  assertEquals(notes, []);
  // A closed page hears nothing more, and nobody waits for it.
  page.sink(STEP);
  await page.close(null);
});

Deno.test("a run without --live gives up the network that its task has for it", async () => {
  const script = `
    import { start } from "${new URL("../../src/cli/main.ts", import.meta.url)}";
    const net = () => Deno.permissions.querySync({ name: "net", host: "127.0.0.1" }).state;
    const before = net();
    await start(["train", "--cfg", "nowhere.yaml"]);
    console.log(before, net());`;
  await inTempDir(async (folder) => {
    const file = join(folder, "script.ts");
    Deno.writeTextFileSync(file, script);
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-q", "--no-check", "--no-prompt", "-P=train", "--config", "deno.json", file],
      ...{ cwd: new URL("../../", import.meta.url), stderr: "null" },
    }).output();
    assertEquals(new TextDecoder().decode(stdout), "granted prompt\n");
  });
});
