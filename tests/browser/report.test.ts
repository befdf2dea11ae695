/// <reference lib="dom" />
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join, toFileUrl } from "@std/path";
import type { Page } from "playwright-core";
import { encodePng } from "../../src/formats/tensorboard/png.ts";
import { cli } from "../cli/helpers.ts";
import { values } from "../helpers.ts";
import { browserTest, openChromium, type Visit, visit } from "./helpers.ts";

/** A folder of this name is a class. */
const HOSTILE = "<img src=x onerror=alert(1)>";
const CLASSES = [HOSTILE, `b"&'b`, "ccc", "ddd"];
const WKD = "configs/fashion_mnist/wkd_l_f/resnet20_resnet8.yaml";

const folder = Deno.makeTempDirSync({ prefix: "wkd-report-" });
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
const run = await trainedRun();
const browser = await openChromium({ webgpu: false });

/** Pictures of blocks, some of which look like those of another class. */
async function writePictures(root: string): Promise<void> {
  for (const [label, name] of CLASSES.entries()) {
    for (const [part, count] of [["train", 8], ["val", 6]] as const) {
      const place = join(root, part, name);
      Deno.mkdirSync(place, { recursive: true });
      for (let i = 0; i < count; i++) {
        const noise = values(`${part}${label}${i}`, [32, 32, 3], 60);
        const shade = 60 * ((label + Number(i === 0)) % CLASSES.length) + 30;
        const pixels = Uint8Array.from(noise, (value) => Math.max(0, Math.min(255, shade + value)));
        Deno.writeFileSync(join(place, `${i}.png`), await encodePng(pixels, 32, 32));
      }
    }
  }
}

/** A run with WKD-L and WKD-F on them, and its whole report. */
async function trainedRun(): Promise<string> {
  const pictures = join(folder, "pictures");
  await writePictures(pictures);
  const settings = [
    ...["LOG.PREFIX", folder, "DATASET.TYPE", "image_folder", "DATASET.ROOT", pictures],
    ...["DATASET.TRANSFORM", "cifar", "DATASET.TEST.BATCH_SIZE", "12", "SOLVER.BATCH_SIZE", "8"],
    ...["DATASET.SUBSET", "0", "SOLVER.EPOCHS", "2", "SOLVER.LR", "0.01"],
    ...["LOG.TENSORBOARD_FREQ", "1"],
  ];
  const train = async (...words: string[]) => {
    const { status, stdout, stderr } = await cli("train", ...words, ...settings);
    if (status !== 0) throw new Error(stdout + stderr);
  };
  const vanilla = "configs/fashion_mnist/vanilla/resnet8.yaml";
  await train("--cfg", vanilla, "EXPERIMENT.NAME", "teacher", "LOG.REPORT", "none");
  const teacher = join(folder, "fashion_mnist", "teacher", "student_best");
  await train(
    ...["--cfg", WKD, "EXPERIMENT.NAME", "run", "LOG.REPORT", "full", "WKD.COST_MATRIX", "fc"],
    ...["DISTILLER.TEACHER", "resnet8", "DISTILLER.TEACHER_CHECKPOINT", teacher],
  );
  return join(folder, "fashion_mnist", "run");
}

/** The report as it opens from disk. */
async function open(
  path = join(run, "report.html"),
  options: Parameters<typeof visit>[2] = {},
): Promise<Visit> {
  const visited = await visit(browser, toFileUrl(path).href, options);
  await visited.page.waitForSelector("html[data-ready=true]");
  return visited;
}

const texts = (page: Page, selector: string) => page.locator(selector).allTextContents();

/** How many colours a canvas shows. */
const colours = (page: Page, id: string) =>
  page.$eval(`#${id} canvas`, (element) => {
    const canvas = element as HTMLCanvasElement;
    const { data } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
    return new Set(new Uint32Array(data.buffer)).size;
  });

browserTest(
  "a report opens from disk, with data in every figure, and asks nothing of anybody",
  async () => {
    await using visited = await open();
    const { page } = visited;
    await page.waitForSelector("#curve-top1[data-points]");
    for (const id of ["loss", "top1", "lr", "speed", "data", "memory"]) {
      const points = await page.getAttribute(`#curve-${id}`, "data-points");
      assert(Number(points) >= 2, `curve-${id} has ${points}`);
      assert(await colours(page, `curve-${id}`) > 4, `curve-${id} is empty`);
    }
    for (const [id, cells] of [["confusion-figure", 16], ["heat-cost", 16], ["heat-before", 16]]) {
      assertEquals(await page.getAttribute(`#${id}`, "data-cells"), String(cells));
      assert(await colours(page, String(id)) > 4, `${id} is empty`);
    }
    for (const id of ["heat-after", "heat-hint"]) assert(await colours(page, id) > 4, id);
    assertEquals((await texts(page, "#class-table tbody tr")).length, 4);
    assertEquals((await texts(page, "#nearest tbody tr")).length, 4);
    for (const who of ["student", "teacher"]) {
      assert(Number(await page.getAttribute(`#reliability-${who}`, "data-bins")) > 0);
      assertEquals(await page.getAttribute(`#map-${who}`, "data-points"), "24");
    }
    const plans = await page.$$eval(
      ".plan",
      (all) => all.map((each) => each.querySelectorAll("path").length),
    );
    assertEquals(plans.length, 6);
    assert(
      plans.every((flows) => flows > 2),
      plans.join(),
    );
    const loaded = await page.$$eval("img", (all) => all.map((each) => each.naturalWidth));
    assert(loaded.length >= 24 && loaded.every((width) => width === 32), loaded.join());
    assertEquals(await page.locator("[data-missing]").count(), 0);
    assertEquals(visited.errors, []);
    assertEquals(visited.requests.filter((url) => !/^(data|file):/.test(url)), []);
  },
);

browserTest("names of classes are texts, wherever they stand", async () => {
  let dialogs = 0;
  const before = (page: Page) => {
    page.on("dialog", (dialog) => {
      dialogs++;
      return dialog.dismiss();
    });
    return Promise.resolve();
  };
  await using visited = await open(undefined, { before });
  const { page } = visited;
  assertEquals(await page.locator("[onerror]").count(), 0);
  assertEquals(await page.locator('img:not([src^="data:image/png;base64,"])').count(), 0);
  const names = await texts(page, "#class-table tbody th");
  assertEquals(names.toSorted(), CLASSES.toSorted());
  await page.focus("#confusion-figure canvas");
  await page.keyboard.press("ArrowRight");
  assertMatch(await page.textContent("#confusion-figure .read") ?? "", /: \d of 6|taken for/);
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.click("#confusion-controls button"),
  ]);
  const saved = Deno.readTextFileSync(await download.path());
  assertStringIncludes(saved, HOSTILE);
  assertEquals(saved, Deno.readTextFileSync(join(run, "confusion.csv")));
  assertEquals([dialogs, visited.errors], [0, []]);
});

browserTest(
  "a report fits a phone, in both themes, and the page that compares runs, too",
  async () => {
    const several = join(folder, "several.html");
    const teacher = join(folder, "fashion_mnist", "teacher");
    const { status, stderr } = await cli("report", run, teacher, "--out", several);
    assertEquals(status, 0, stderr);
    const viewport = { width: 375, height: 700 };
    for (const path of [join(run, "report.html"), several]) {
      for (const colorScheme of ["light", "dark"] as const) {
        await using visited = await open(path, { viewport, colorScheme });
        const { page } = visited;
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        assert(wide <= 375, `${wide} pixels`);
        const dark = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
        assertEquals(/rgb\((\d+)/.exec(dark)![1].length < 3, colorScheme === "dark");
        assertEquals(visited.errors, []);
      }
    }
    await using visited = await open(several);
    assertEquals(await texts(visited.page, "#run-table .mark"), ["best"]);
    assertEquals((await texts(visited.page, "#run-table tbody tr")).length, 2);
    assertEquals((await texts(visited.page, "#curve-top1 .legend li")).length, 2);
    assertStringIncludes(
      (await texts(visited.page, "#run-table thead th")).join(),
      "DISTILLER.TYPE",
    );
  },
);

browserTest("a report is used by keyboard: links, choices, curves, tables", async () => {
  await using visited = await open();
  const { page } = visited;
  const focused = () =>
    page.evaluate(() => {
      const { tagName, type, href, className } = document.activeElement as
        & HTMLInputElement
        & HTMLAnchorElement;
      return tagName === "A" ? `#${href.split("#")[1]}` : type || className || tagName;
    });
  const order: string[] = [];
  for (let i = 0; i < 16; i++) {
    await page.keyboard.press("Tab");
    order.push(await focused());
  }
  const links = await page.$$eval("nav a", (all) => all.map((a) => a.getAttribute("href")!));
  assertEquals(order, ["#main", ...links, "radio", "plot", "plot", "plot"].slice(0, 16));
  await page.focus("#curve-controls input");
  await page.keyboard.press("ArrowRight");
  assert(await page.isChecked("#curve-controls label:nth-of-type(2) input"));
  await page.focus("#curve-top1 .plot");
  await page.keyboard.press("Home");
  assertMatch(await page.textContent("#curve-top1 .legend") ?? "", /^step \d/);
  const heading = page.locator("#class-table thead button").first();
  await heading.focus();
  await page.keyboard.press("Enter");
  const sorted = await texts(page, "#class-table tbody th");
  assertEquals(sorted, sorted.toSorted((a, b) => a.localeCompare(b)));
  assertEquals(await page.getAttribute("#class-table th", "aria-sort"), "ascending");
  await page.keyboard.press("Enter");
  assertEquals(await texts(page, "#class-table tbody th"), sorted.toReversed());
  assertEquals(visited.errors, []);
});

browserTest("the report's browser is closed", async () => {
  await browser.close();
});
