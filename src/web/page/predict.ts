/// <reference lib="dom" />
import type { FolderCard } from "../folder_card.ts";
import { Camera } from "./camera.ts";
import { logitsOf, openModel, softmax } from "./model.ts";
import { draw, filesOf, pixelsOf, readPicture, takeDrops } from "./picture.ts";
import { prepare } from "./prepare.ts";
import { adapterName, at, fetchFile, openFolder, reason, run, tell, untell } from "./start.ts";
import type * as wkd from "./wkd.ts";

/** Classes that are shown; the others are less likely than these. */
const SHOWN = 10;

/** Says what the page has loaded. */
function describe(gpu: wkd.Gpu, { student, classes, preprocessing }: FolderCard): void {
  const { height, width, channels } = preprocessing;
  const size = `${width} × ${height}${channels === 1 ? ", grey" : ""}`;
  at("about").textContent =
    `${student.model} tells ${classes.length} classes apart, in this browser.`;
  at("facts").textContent = `${student.model}, ${student.parameters.toLocaleString("en")} ` +
    `parameters in float16, computed on ${adapterName(gpu)} by WebGPU.`;
  at("seen-text").textContent = `What the model sees (${size}). It answers with one of its ` +
    "classes whatever the picture shows.";
  at("status").textContent = "Ready: drop a picture.";
  at("work").hidden = false;
}

/** Takes pictures and shows what the model says of them. */
class PredictPage {
  readonly #camera = new Camera();
  readonly #button = at<HTMLButtonElement>("camera");
  #latest = 0;
  #compiled = false;

  constructor(readonly folder: FolderCard, readonly model: wkd.Model) {
    const file = at<HTMLInputElement>("file");
    file.addEventListener("change", () => {
      this.#take([...file.files ?? []]);
      // The same file may be chosen again.
      file.value = "";
    });
    takeDrops(at("drop"), (files) => this.#take(files));
    document.addEventListener("paste", (event) => {
      const files = filesOf(event.clipboardData);
      if (files.length > 0) this.#take(files);
    });
    this.#button.addEventListener("click", () => this.#toggleCamera());
  }

  async #take([file]: File[]): Promise<void> {
    this.#stopCamera();
    if (!file) return tell("That was no picture file; drop one, or choose it.");
    const turn = ++this.#latest;
    try {
      const picture = await readPicture(file);
      // Another picture may have come meanwhile.
      if (turn === this.#latest) await this.#show(picture, file.name);
    } catch (error) {
      if (turn === this.#latest) tell(reason(error));
    }
  }

  /** Shows a picture and, as soon as they are there, its classes. */
  async #show(picture: wkd.Pixels, name: string): Promise<void> {
    const { classes, preprocessing } = this.folder;
    untell();
    at("shown").hidden = false;
    draw(at<HTMLCanvasElement>("picture"), picture);
    const { image, seen } = prepare(picture, preprocessing);
    draw(at<HTMLCanvasElement>("seen"), seen);
    if (!this.#compiled) {
      at("status").textContent = "Compiling the kernels: the first picture takes a while ...";
    }
    const begin = performance.now();
    const logits = await logitsOf(this.model, image, preprocessing);
    const took = Math.round(performance.now() - begin);
    this.#compiled = true;
    showBars(classes, logits);
    at("status").textContent = `${name}, in ${took} ms`;
  }

  async #toggleCamera(): Promise<void> {
    if (this.#camera.running) return this.#stopCamera();
    const turn = ++this.#latest;
    try {
      const video = await this.#camera.start();
      this.#button.setAttribute("aria-pressed", "true");
      this.#button.textContent = "Stop the camera";
      while (this.#camera.running && turn === this.#latest) {
        await this.#show(pixelsOf(video, video.videoWidth, video.videoHeight), "Camera");
        await new Promise(requestAnimationFrame);
      }
    } catch (error) {
      this.#stopCamera();
      tell(reason(error));
    }
  }

  #stopCamera(): void {
    this.#camera.stop();
    this.#button.setAttribute("aria-pressed", "false");
    this.#button.textContent = "Use the camera";
  }
}

/** Lists the likeliest classes with their probabilities. */
function showBars(classes: readonly string[], logits: Float32Array): void {
  const shares = softmax(logits);
  const order = Array.from(classes.keys()).sort((a, b) => logits[b] - logits[a]).slice(0, SHOWN);
  at("classes").replaceChildren(...order.map((label) => {
    const row = document.createElement("li");
    row.dataset.label = String(label);
    row.dataset.logit = String(logits[label]);
    const name = part("span", "name", classes[label]);
    name.title = classes[label];
    const track = part("div", "track", "");
    const fill = part("div", "fill", "");
    fill.style.width = `${100 * shares[label]}%`;
    track.append(fill);
    row.append(name, part("span", "percent", `${(100 * shares[label]).toFixed(1)} %`), track);
    return row;
  }));
}

function part(tag: string, className: string, text: string): HTMLElement {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}

await run(async () => {
  const { gpu, folder } = await openFolder();
  const model = openModel(folder, folder.student, await fetchFile(folder.student.file));
  describe(gpu, folder);
  new PredictPage(folder, model);
});
