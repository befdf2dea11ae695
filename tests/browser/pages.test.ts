/// <reference lib="dom" />
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Buffer } from "node:buffer";
import type { Page } from "playwright-core";
import { decodeImage } from "../../src/data/decode/decode_image.ts";
import { readSafetensors } from "../../src/formats/safetensors/safetensors.ts";
import { toFloat32 } from "../../src/formats/to_float32.ts";
import { teach, UNLABELLED } from "../../src/web/page/lesson.ts";
import { argmax, logitsOf, openModel, softmax } from "../../src/web/page/model.ts";
import { prepare } from "../../src/web/page/prepare.ts";
import { assertClose } from "../helpers.ts";
import { exportedPage, pngFile } from "./exported.ts";
import {
  browserTest,
  dropFile,
  openChromium,
  type PictureFile,
  serveFolder,
  visit,
} from "./helpers.ts";

const folder = Deno.makeTempDirSync({ prefix: "wkd-browser-" });
const exported = await exportedPage(folder);
const { card } = exported;
const server = serveFolder(exported.folder);
const browser = await openChromium();
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

const PICTURES = await Promise.all([
  pngFile("small", 28, 28),
  pngFile("wide", 61, 40),
  pngFile("tall", 30, 45),
  pngFile("large", 300, 200),
]);
/** Classes of the pictures on the second page. */
const LABELS = [3, 0, 3, UNLABELLED];

const ready = (page: Page) => page.waitForSelector("#work:not([hidden])");

async function prepared({ buffer }: PictureFile): Promise<Float32Array> {
  return prepare(await decodeImage(new Uint8Array(buffer)), card.preprocessing).image;
}

/** The logits that the page lists, by their classes. */
async function shownLogits(page: Page, name: string): Promise<number[]> {
  await page.waitForFunction(
    (name) => document.querySelector("#status")!.textContent!.startsWith(name),
    name,
  );
  return await page.$$eval("#classes li", (rows) => {
    const logits: number[] = [];
    for (const row of rows as HTMLElement[]) {
      logits[Number(row.dataset.label)] = Number(row.dataset.logit);
    }
    return logits;
  });
}

const notice = async (page: Page) => {
  await page.waitForSelector("#notice:not([hidden])");
  return await page.textContent("#notice") ?? "";
};

browserTest("index.html says of pictures what the engine says in Deno", async () => {
  await using visited = await visit(browser, server.url);
  const { page } = visited;
  await ready(page);
  assertMatch(await page.textContent("#facts") ?? "", /resnet8, 77,754 parameters.* swiftshader/);
  const model = openModel(card, card.student, exported.read(card.student.file));
  for (const [i, picture] of PICTURES.entries()) {
    if (i % 2 === 0) await page.setInputFiles("#file", picture);
    else await dropFile(page, "#drop", picture);
    const expected = await logitsOf(model, await prepared(picture), card.preprocessing);
    assertClose(await shownLogits(page, picture.name), expected, 1e-4, picture.name);
    const first = page.locator("#classes li").first();
    assertEquals(await first.locator(".name").textContent(), card.classes[argmax(expected)]);
    const share = 100 * softmax(expected)[argmax(expected)];
    assertEquals(await first.locator(".percent").textContent(), `${share.toFixed(1)} %`);
  }
  model.dispose();
  assertEquals(visited.errors, []);
  assertEquals(visited.requests.filter((url) => !url.startsWith(server.url)), []);
});

browserTest(
  "index.html says what is no picture, and shows the camera until it is stopped",
  async () => {
    await using visited = await visit(browser, server.url);
    const { page } = visited;
    await ready(page);
    const text = { name: "notes.png", mimeType: "image/png", buffer: Buffer.from("no picture") };
    await dropFile(page, "#drop", text);
    assertStringIncludes(await notice(page), "notes.png cannot be read as a picture");
    await page.click("#camera");
    await page.waitForFunction(() =>
      document.querySelector("#status")!.textContent!.startsWith("Camera")
    );
    assert(await page.isHidden("#notice"));
    await page.click("#camera");
    assertEquals(await page.getAttribute("#camera", "aria-pressed"), "false");
    await page.setInputFiles("#file", PICTURES[0]);
    await shownLogits(page, PICTURES[0].name);
    assertEquals(visited.errors, []);
  },
);

browserTest("train.html trains as the engine does in Deno, and hands out the student", async () => {
  await using visited = await visit(browser, `${server.url}train.html`, { acceptDownloads: true });
  const { page } = visited;
  await ready(page);
  assert(await page.isDisabled("#start"));
  for (const [i, picture] of PICTURES.entries()) {
    const box = `.box[data-label="${LABELS[i]}"]`;
    if (i % 2 === 0) await page.setInputFiles(`${box} input`, picture);
    else await dropFile(page, box, picture);
    await page.locator(`${box} canvas`).nth(i === 2 ? 1 : 0).waitFor();
  }
  assertEquals(await page.textContent("#count"), "4 pictures");
  await page.fill("#steps", "3");
  await page.fill("#batch", "3");
  await page.click("#start");
  await page.waitForSelector("#result:not([hidden])");
  const size = (await prepared(PICTURES[0])).length;
  const images = new Float32Array(PICTURES.length * size);
  for (const [i, picture] of PICTURES.entries()) images.set(await prepared(picture), i * size);
  const expected = await teach({
    ...{ folder: card, kind: "WKD", images, labels: Int32Array.from(LABELS) },
    ...{ steps: 3, batchSize: 3, lr: 0.01 },
    student: exported.read(card.student.file),
    teacher: exported.read(card.teacher!.file),
  });
  const status = await page.textContent("#status") ?? "";
  const [, first, last] = /^3 steps done: loss ([\d.]+) at first, ([\d.]+) at last$/.exec(status) ??
    [];
  assertClose(
    [Number(first), Number(last)],
    [expected.losses[0], expected.losses[2]],
    1e-3,
    status,
  );
  const rows = await page.locator("#scores tr").allTextContents();
  const { before, teacher } = expected;
  assertEquals(rows[0].match(/\d+\sof\s\d+/g)?.map(plain), [
    `${before.correct} of 3`,
    `${before.agreeing} of 4`,
  ]);
  assertEquals(rows[2].match(/\d+\sof\s\d+/g)?.map(plain), [`${teacher.correct} of 3`, "4 of 4"]);
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("#download")]);
  const { tensors, metadata } = readSafetensors(Deno.readFileSync(await download.path()));
  assertEquals([metadata.model, JSON.parse(metadata.classes)], ["resnet8", card.classes]);
  for (const [name, { data }] of expected.state) {
    const found = tensors.get(name)!;
    if (data instanceof Float32Array) assertClose(toFloat32(found), data, 1e-3, name);
    else assertEquals(found.data, data, name);
  }
  await stopping(page);
  assertEquals(visited.errors, []);
  assertEquals(
    visited.requests.filter((url) => !url.startsWith(server.url) && !url.startsWith("blob:")),
    [],
  );
});

/** A text with ordinary spaces. */
function plain(text: string): string {
  return text.replaceAll(/\s/g, " ");
}

/** A training that is stopped ends with the steps that were done. */
async function stopping(page: Page): Promise<void> {
  await page.fill("#steps", "1000");
  await page.selectOption("#kind", "KD");
  await page.click("#start");
  await page.waitForFunction(() =>
    /^Step 1 of/.test(document.querySelector("#status")!.textContent!)
  );
  await page.click("#stop");
  await page.waitForSelector("#result:not([hidden])");
  assertMatch(await page.textContent("#status") ?? "", /^\d{1,3} steps? done/);
  await page.click("#clear");
  assertEquals(await page.textContent("#count"), "No pictures yet");
}

browserTest("the pages say where WebGPU or a file is missing", async () => {
  const told = async (before: (page: Page) => Promise<unknown>, path = "", from = browser) => {
    await using visited = await visit(from, server.url + path, { before });
    return await notice(visited.page);
  };
  const hidden = (secure: boolean) => (page: Page) =>
    page.addInitScript((secure) => {
      Object.defineProperty(Navigator.prototype, "gpu", { get: () => undefined });
      Object.defineProperty(globalThis, "isSecureContext", { value: secure });
    }, secure);
  for (const path of ["", "train.html"]) {
    assertStringIncludes(await told(hidden(true), path), "This browser has no WebGPU");
    assertStringIncludes(await told(hidden(false), path), "open it by https, or from 127.0.0.1");
  }
  assertStringIncludes(await refusedCamera(), "The camera was refused; allow it");
  const without = await openChromium({ webgpu: false });
  assertStringIncludes(await told(async () => {}, "", without), "no graphics adapter");
  await without.close();
  const replaced = (name: string, answer: { status?: number; body?: string }) => (page: Page) =>
    page.route(`**/${name}`, (route) => route.fulfill(answer));
  assertStringIncludes(await told(replaced("model.json", { status: 404 })), "the server says 404");
  assertStringIncludes(
    await told(replaced("model.json", { body: "{" })),
    "model.json is damaged",
  );
  assertStringIncludes(
    await told(replaced("student.safetensors", { body: "cut" })),
    "student.safetensors is damaged",
  );
  const alone = JSON.stringify({ ...card, teacher: null });
  assertStringIncludes(
    await told(replaced("model.json", { body: alone }), "train.html"),
    "export it again with --teacher FILE",
  );
});

async function refusedCamera(): Promise<string> {
  await using visited = await visit(browser, server.url, {
    before: (page) =>
      page.addInitScript(() => {
        navigator.mediaDevices.getUserMedia = () =>
          Promise.reject(new DOMException("Permission denied", "NotAllowedError"));
      }),
  });
  await ready(visited.page);
  await visited.page.click("#camera");
  return await notice(visited.page);
}

browserTest("the pages fit a phone and are used by keyboard", async () => {
  const phone = { viewport: { width: 375, height: 700 } };
  const orders: Record<string, string[]> = {
    "": ["index.html", "train.html", "file", "camera"],
    "train.html": [
      "index.html",
      "train.html",
      ...card.classes.map(() => "file"),
      "file",
      "kind",
      "steps",
      "batch",
      "lr",
    ],
  };
  for (const [path, order] of Object.entries(orders)) {
    await using visited = await visit(browser, server.url + path, phone);
    const { page } = visited;
    await ready(page);
    if (path === "") {
      await page.setInputFiles("#file", PICTURES[3]);
      await shownLogits(page, PICTURES[3].name);
    }
    assert(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), path);
    const found: string[] = [];
    for (let i = 0; i < order.length; i++) {
      await page.keyboard.press("Tab");
      found.push(
        await page.evaluate(() => {
          const { id, type, href } = document.activeElement as HTMLInputElement & HTMLAnchorElement;
          return type === "file" ? "file" : id || href.replace(/^.*\//, "");
        }),
      );
    }
    assertEquals(found, order);
  }
});

browserTest("nothing is left open", async () => {
  await browser.close();
  await server[Symbol.asyncDispose]();
});
