/// <reference lib="dom" />
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import type { Page } from "playwright-core";
import { LiveServer } from "../../src/report/live/live_server.ts";
import { LiveState } from "../../src/report/live/live_state.ts";
import { TINY, VANILLA } from "../cli/helpers.ts";
import { EPOCH_END, RUN_START, STEP } from "../logging/helpers.ts";
import { browserTest, openChromium, visit } from "./helpers.ts";

const ROOT = new URL("../../", import.meta.url);
const browser = await openChromium({ webgpu: false });
const folder = Deno.makeTempDirSync({ prefix: "wkd-live-" });
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

/** Where screenshots go that somebody wants to look at; nowhere by default. */
const SHOTS = Deno.env.get("WKD_SCREENSHOTS");

async function shoot(page: Page, name: string): Promise<void> {
  if (!SHOTS) return;
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await page.evaluate(() => scrollTo(0, 0));
    await page.waitForTimeout(200);
    await page.screenshot({ path: join(SHOTS, `${name}-${colorScheme}.png`), fullPage: true });
  }
  await page.emulateMedia({ colorScheme: "light" });
}

/** A run of many epochs of a moment each, in a process with the permissions of its task; with what it writes. */
function startRun(name: string, ...words: string[]) {
  const settings = [...TINY, "SOLVER.EPOCHS", "100000", "LOG.PREFIX", folder, "LOG.REPORT", "none"];
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-q", "--no-check", "-P=train", "mod.ts", "train", "--cfg", VANILLA, ...words],
      ...[...settings, "EXPERIMENT.NAME", name],
    ],
    ...{ cwd: ROOT, stdin: "null", stdout: "piped", stderr: "piped", env: { NO_COLOR: "1" } },
  }).spawn();
  let text = "";
  let found: (address: string) => void;
  const address = new Promise<string>((resolve) => found = resolve);
  const read = async (stream: ReadableStream<Uint8Array<ArrayBuffer>>) => {
    for await (const piece of stream.pipeThrough(new TextDecoderStream())) {
      text += piece;
      const [, at] = /live page: (\S+)\n/.exec(text) ?? [];
      if (at) found(at);
    }
  };
  const ended = Promise.all([read(child.stdout), read(child.stderr), child.status]);
  const url = Promise.race([address, ended.then(() => Promise.reject(new Error(text)))]);
  // A run without a page has no address.
  url.catch(() => {});
  return {
    child,
    address: url,
    ended: ended.then(([, , { code }]) => ({ code, text })),
  };
}

/** What an element shows, with a space wherever there are some. */
async function textOf(page: Page, selector: string): Promise<string> {
  return (await page.textContent(selector) ?? "").replaceAll(/\s+/g, " ").trim();
}

const points = (page: Page, id: string) =>
  page.$eval(`#${id}`, (figure) => Number((figure as HTMLElement).dataset.points ?? 0));

async function until(page: Page, id: string, least: number): Promise<void> {
  await page.waitForFunction(
    ([id, least]) =>
      Number(document.getElementById(String(id))!.dataset.points ?? 0) >= Number(least),
    [id, least],
  );
}

/** What the tab key reaches, in its order. */
async function tabOrder(page: Page): Promise<string[]> {
  const reached: string[] = [];
  for (let i = 0; i < 30; i++) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(() => {
      const element = document.activeElement as HTMLElement;
      if (element === document.body) return null;
      const figure = element.closest("figure");
      return element.id || figure?.id || element.textContent!.trim();
    });
    if (at === null) break;
    if (!reached.includes(at)) reached.push(at);
  }
  return reached;
}

browserTest(
  "a page shows a run while it trains, grows with it, and stops it as Ctrl-C does",
  async () => {
    const run = startRun("shown", "--live");
    try {
      const url = await run.address;
      await using visited = await visit(browser, url, { viewport: { width: 1280, height: 900 } });
      const { page, errors, requests } = visited;
      await page.waitForSelector("#connection[data-state=live]");
      await until(page, "curve-loss", 2);
      await until(page, "curve-top1", 2);
      const before = await points(page, "curve-loss");
      await until(page, "curve-loss", before + 2);
      for (const id of ["curve-loss", "curve-top1", "curve-lr", "curve-speed", "curve-data"]) {
        assert(await points(page, id) > 0, id);
        assertEquals(await page.$eval(`#${id} canvas`, (canvas) => canvas.clientHeight > 50), true);
      }
      const text = (id: string) => textOf(page, `#tile-${id}`);
      assertMatch(await text("phase"), /(Training|Evaluating).*epoch \d+ of 100000/);
      assertMatch(await text("left"), /\d (s|min|h)/);
      assertMatch(await text("top1"), /[\d.]+ %.*best [\d.]+ %, epoch \d+/);
      assertMatch(await text("speed"), /\d+ images\/s/);
      assertMatch(await text("memory"), /\d [KMG]iB.*process has \d/);
      assertMatch(
        await page.textContent("#lines") ?? "",
        /resnet8: 100000 epochs.*epoch +1\/100000/,
      );
      assertEquals(await page.textContent("h1"), "resnet8");
      const order = await tabOrder(page);
      assertEquals(order.slice(0, 3), ["Skip to the figures", "Curves", "Log"]);
      assert(order.indexOf("stop") === 3 && order.at(-1) === "lines", order.join());
      await shoot(page, "live");

      await page.setViewportSize({ width: 375, height: 800 });
      await page.waitForTimeout(300);
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      assert(width <= 375, `${width}`);
      await shoot(page, "live-375");

      // One click asks whether it is meant.
      await page.click("#stop");
      assertEquals(await page.textContent("#stop"), "Stop now?");
      await page.click("#keep");
      assertEquals(await page.textContent("#stop"), "Stop and save");
      await page.click("#stop");
      await page.click("#stop");
      await page.waitForSelector("#connection[data-state=over]");
      assertMatch(await text("phase"), /Stopped.*; saved at epoch/);
      assertMatch(await textOf(page, "#command"), /Go on with .*--resume --live/);
      assert(await page.isHidden("#stop"));
      await shoot(page, "live-stopped");
      assertEquals(errors, []);
      const { origin } = new URL(url);
      const outside = requests.filter((each) =>
        !each.startsWith(`${origin}/`) && each !== "data:,"
      );
      assertEquals(outside, []);
    } catch (error) {
      run.child.kill("SIGKILL");
      throw error;
    }
    const { code, text } = await run.ended;
    assertEquals(code, 130, text);
    assertStringIncludes(text, "\nstopping after this step; press Ctrl-C again");
    assertMatch(text, /stopped and saved at epoch \d+, step \d+; go on with:\n {2}deno task train/);
    assert(Deno.statSync(join(folder, "fashion_mnist", "shown", "latest")).isFile);
  },
);

browserTest("deno task live watches a run of another process, and cannot stop it", async () => {
  const run = startRun("watched");
  const at = join(folder, "fashion_mnist", "watched");
  const watch = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-q", "--no-check", "-P=look", "--allow-net=127.0.0.1", "mod.ts", "live", at],
    ],
    ...{ cwd: ROOT, stdin: "null", stdout: "piped", stderr: "inherit" },
  });
  let child: Deno.ChildProcess | null = null;
  try {
    for (let i = 0; i < 600; i++) {
      const log = await Deno.readTextFile(join(at, "metrics.jsonl")).catch(() => "");
      if (log.includes("\n")) break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    child = watch.spawn();
    let said = "";
    for await (const piece of child.stdout.pipeThrough(new TextDecoderStream())) {
      said += piece;
      if (said.includes("(Ctrl-C ends)")) break;
    }
    const [url] = /http:\S+/.exec(said)!;
    await using visited = await visit(browser, url);
    const { page, errors } = visited;
    await until(page, "curve-top1", 1);
    const before = await points(page, "curve-top1");
    await until(page, "curve-top1", before + 1);
    assertMatch(
      await textOf(page, "#tile-phase"),
      /Training.*epoch \d+ of 100000; the log/,
    );
    assert(await page.isHidden("#stop"));
    const refused = await page.evaluate(async () =>
      (await fetch("stop", { method: "POST" })).status
    );
    assertEquals(refused, 409);
    assertEquals(errors.filter((each) => !each.includes("409")), []);
  } finally {
    child?.kill("SIGINT");
    run.child.kill("SIGINT");
  }
  assertEquals((await run.ended).code, 130);
});

browserTest("names and lines of the log are shown on the page, and never run", async () => {
  const evil =
    `<img src=x onerror="document.title='run'"></script><script>document.title="run"</script>`;
  const state = new LiveState();
  state.take({ ...RUN_START, student: { name: evil, parameters: 1 }, device: evil });
  for (const event of [STEP, EPOCH_END]) state.take(event);
  state.take({ type: "warning", message: `class ${evil} has no pictures` });
  const server = new LiveServer({ state, option: "--live", stop: null });
  try {
    await using visited = await visit(browser, server.address);
    const { page, errors } = visited;
    await page.waitForSelector("#connection[data-state=live]");
    state.take({ type: "note", message: `${evil} again` });
    await page.waitForFunction(() =>
      document.querySelector("#lines")!.textContent!.includes("again")
    );
    assertStringIncludes(await page.textContent("h1") ?? "", evil);
    assertStringIncludes(await page.textContent("#lines") ?? "", `class ${evil} has no pictures`);
    assertEquals(await page.$$eval("main img, main script", (found) => found.length), 0);
    assert(!(await page.title()).startsWith("run"));
    assertEquals(errors, []);
  } finally {
    await server.close();
  }
});
