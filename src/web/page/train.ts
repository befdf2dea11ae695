/// <reference lib="dom" />
import type { FolderCard } from "../folder_card.ts";
import { Album } from "./album.ts";
import { Curve } from "./curve.ts";
import { type LessonKind, type LessonResult, type LessonScore, teach } from "./lesson.ts";
import {
  adapterName,
  at,
  fetchFile,
  openFolder,
  PageError,
  reason,
  run,
  tell,
  untell,
} from "./start.ts";
import * as wkd from "./wkd.ts";

/** Takes pictures and settings, trains, and shows what came of it. */
class TrainPage {
  readonly #album: Album;
  readonly #start = at<HTMLButtonElement>("start");
  #stop: AbortController | null = null;
  #link = "";

  constructor(
    readonly folder: FolderCard,
    readonly files: { readonly student: Uint8Array; readonly teacher: Uint8Array },
  ) {
    this.#album = new Album(folder, () => this.#count());
    this.#count();
    at("settings").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#train();
    });
    at("stop").addEventListener("click", () => this.#stop?.abort());
  }

  /** Says how many pictures there are, and whether they are enough. */
  #count(): void {
    const { length } = this.#album;
    at("count").textContent = length === 0
      ? "No pictures yet"
      : length === 1
      ? "1 picture; training wants 2 or more"
      : `${length} pictures`;
    at<HTMLButtonElement>("clear").disabled = length === 0 || this.#stop !== null;
    this.#start.disabled = length < 2 || this.#stop !== null;
    if (this.#stop) return;
    at("status").textContent = length < 2 ? "Drop pictures first." : "Ready to train.";
  }

  async #train(): Promise<void> {
    const number = (id: string) => at<HTMLInputElement>(id).valueAsNumber;
    const steps = number("steps");
    this.#begin(steps);
    const curve = new Curve(at<SVGElement>("curve"), steps);
    try {
      const result = await teach({
        ...{ folder: this.folder, ...this.files, ...this.#album.batch(), steps },
        kind: at<HTMLSelectElement>("kind").value as LessonKind,
        lr: number("lr"),
        batchSize: number("batch"),
        onStep: (step, loss) => {
          curve.add(loss);
          at<HTMLProgressElement>("progress").value = step;
          at("status").textContent = `Step ${step} of ${steps}, loss ${loss.toFixed(4)}`;
        },
        signal: this.#stop!.signal,
      });
      this.#end(result);
    } catch (error) {
      tell(reason(error));
      this.#finish();
    }
  }

  #begin(steps: number): void {
    untell();
    this.#stop = new AbortController();
    this.#count();
    at("stop").hidden = false;
    at("result").hidden = true;
    at("curve").toggleAttribute("hidden", false);
    const progress = at<HTMLProgressElement>("progress");
    progress.hidden = false;
    progress.max = steps;
    progress.value = 0;
    at("status").textContent = "Compiling the kernels: the first step takes a while ...";
  }

  #end(result: LessonResult): void {
    const { losses, state } = result;
    this.#finish();
    const [first, last] = [losses[0], losses.at(-1)];
    at("status").textContent = losses.length === 0
      ? "Stopped before the first step."
      : `${losses.length} steps done: loss ${first.toFixed(4)} at first, ${
        last!.toFixed(4)
      } at last`;
    showScores(result);
    URL.revokeObjectURL(this.#link);
    const bytes = trainedFile(this.folder, state);
    this.#link = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }));
    const download = at<HTMLAnchorElement>("download");
    download.href = this.#link;
    download.download = `${this.folder.student.model}_trained.safetensors`;
    at("result").hidden = false;
  }

  #finish(): void {
    this.#stop = null;
    at("stop").hidden = true;
    at("progress").hidden = true;
    this.#count();
  }
}

/** A space at which no line ends. */
const FIXED = "\u00a0";

/** Lists how the models did on the pictures. */
function showScores({ before, after, teacher }: LessonResult): void {
  const pictures = teacher.agreeing;
  const rows: [string, LessonScore][] = [
    ["Student before", before],
    ["Student after", after],
    ["Teacher", teacher],
  ];
  at("scores").replaceChildren(...rows.map(([name, { labelled, correct, agreeing }]) => {
    const row = document.createElement("tr");
    const head = document.createElement("th");
    head.scope = "row";
    head.textContent = name;
    const cells = [share(correct, labelled), share(agreeing, pictures)].map((text) => {
      const cell = document.createElement("td");
      cell.textContent = text;
      return cell;
    });
    row.append(head, ...cells);
    return row;
  }));
  at("result-text").textContent = "The student saw these very pictures: this says how well it " +
    "took them in, not how well it does on others.";
}

function share(part: number, whole: number): string {
  return whole === 0
    ? "-"
    : `${part}${FIXED}of${FIXED}${whole} (${(100 * part / whole).toFixed(0)}${FIXED}%)`;
}

/** A trained student as a safetensors file, which every command of the program reads. */
function trainedFile(
  { student, classes, preprocessing }: FolderCard,
  state: ReadonlyMap<string, wkd.HostTensor>,
): Uint8Array<ArrayBuffer> {
  const tensors = new Map<string, wkd.SafetensorsTensor>();
  for (const [name, { shape, data }] of state) {
    const dtype = data instanceof Float32Array ? "F32" : data instanceof Int32Array ? "I32" : "U32";
    tensors.set(name, { dtype, shape: [...shape], data });
  }
  return wkd.writeSafetensors(tensors, {
    format: "pt",
    model: student.model,
    classes: JSON.stringify(classes),
    preprocessing: JSON.stringify(preprocessing),
  });
}

await run(async () => {
  const { gpu, folder } = await openFolder();
  const { student, teacher } = folder;
  if (!teacher) {
    throw new PageError(
      "There is no teacher in this folder, so nothing can be trained here; export it again with --teacher FILE. " +
        "The other page works.",
    );
  }
  const files = {
    student: await fetchFile(student.file),
    teacher: await fetchFile(teacher.file),
  };
  at("about").textContent = `${teacher.model} teaches ${student.model}, in this browser.`;
  at("facts").textContent = `${student.model} has ${student.parameters.toLocaleString("en")} ` +
    `parameters, ${teacher.model} ${teacher.parameters.toLocaleString("en")}; ` +
    `computed on ${adapterName(gpu)} by WebGPU.`;
  at("work").hidden = false;
  new TrainPage(folder, files);
});
