/// <reference lib="dom" />
import type { FolderCard } from "../folder_card.ts";
import { UNLABELLED } from "./lesson.ts";
import { draw, readPicture, takeDrops } from "./picture.ts";
import { prepare } from "./prepare.ts";
import { at, reason, tell, untell } from "./start.ts";

/** From so many classes on one is looked for by its name. */
const MANY = 16;

/** A picture that was dropped. */
interface Picture {
  readonly label: number;
  /** [channels, height, width] */
  readonly image: Float32Array;
}

/** The pictures that the visitor dropped, in a box for each class and one for none. */
export class Album {
  readonly #thumbs = new Map<number, HTMLElement>();
  #pictures: Picture[] = [];

  /** Makes the boxes; `onChange` is told when pictures came or went. */
  constructor(readonly folder: FolderCard, readonly onChange: () => void) {
    const boxes = [UNLABELLED, ...folder.classes.keys()].map((label) => this.#box(label));
    at("boxes").replaceChildren(...boxes);
    const filter = at<HTMLInputElement>("filter");
    filter.hidden = folder.classes.length < MANY;
    filter.addEventListener("input", () => {
      const wanted = filter.value.toLowerCase();
      for (const box of boxes.slice(1)) {
        box.hidden = !box.textContent!.toLowerCase().includes(wanted);
      }
    });
    at("clear").addEventListener("click", () => this.#clear());
  }

  /** How many there are. */
  get length(): number {
    return this.#pictures.length;
  }

  /** All pictures, [N, channels, height, width], and their labels, [N]. */
  batch(): { images: Float32Array; labels: Int32Array } {
    const size = this.#pictures[0].image.length;
    const images = new Float32Array(size * this.length);
    this.#pictures.forEach(({ image }, i) => images.set(image, i * size));
    return { images, labels: Int32Array.from(this.#pictures, ({ label }) => label) };
  }

  #box(label: number): HTMLElement {
    const box = document.createElement("label");
    box.className = label === UNLABELLED ? "box none" : "box";
    box.dataset.label = String(label);
    const input = document.createElement("input");
    input.type = "file";
    input.accept = "image/*";
    input.multiple = true;
    const name = document.createElement("span");
    name.className = "name";
    name.textContent = label === UNLABELLED ? "no class" : this.folder.classes[label];
    const thumbs = document.createElement("span");
    thumbs.className = "thumbs";
    this.#thumbs.set(label, thumbs);
    box.append(input, name, thumbs);
    const take = (files: File[]) => this.#take(label, files);
    input.addEventListener("change", () => {
      take([...input.files ?? []]);
      input.value = "";
    });
    takeDrops(box, take);
    return box;
  }

  async #take(label: number, files: File[]): Promise<void> {
    const { preprocessing } = this.folder;
    untell();
    if (files.length === 0) tell("That was no picture file; drop pictures, or choose them.");
    const refused: string[] = [];
    for (const file of files) {
      try {
        const { image, seen } = prepare(await readPicture(file), preprocessing);
        this.#pictures.push({ label, image });
        const thumb = document.createElement("canvas");
        draw(thumb, seen);
        this.#thumbs.get(label)!.append(thumb);
      } catch (error) {
        refused.push(reason(error));
      }
    }
    if (refused.length > 0) tell(refused.join(" "));
    this.onChange();
  }

  #clear(): void {
    this.#pictures = [];
    for (const thumbs of this.#thumbs.values()) thumbs.replaceChildren();
    untell();
    this.onChange();
  }
}
