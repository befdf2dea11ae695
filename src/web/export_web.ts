import icon from "./page/icon.svg" with { type: "text" };
import index from "./page/index.html" with { type: "text" };
import style from "./page/style.css" with { type: "text" };
import train from "./page/train.html" with { type: "text" };
import { join } from "node:path";
import type { Preprocessing } from "../data/preprocessing.ts";
import { UserError } from "../errors.ts";
import { checkFolder, writeFileAtomic } from "../formats/atomic_write.ts";
import { castTensor } from "../formats/cast_tensor.ts";
import { isThere, removeIfThere } from "../formats/paths.ts";
import { type SafetensorsTensor, writeSafetensors } from "../formats/safetensors/safetensors.ts";
import { toFloat32 } from "../formats/to_float32.ts";
import { visible } from "../formats/visible.ts";
import type { ModelFamily } from "../models/family.ts";
import type { Model } from "../models/model.ts";
import type { Normalisation } from "../models/renormalise.ts";
import { readBack } from "../tensor/read_back.ts";
import { bundlePages, SCRIPTS } from "./bundle.ts";
import { CARD_FILE, type FolderCard, type LessonMethod, type ModelCard } from "./folder_card.ts";

const STUDENT_FILE = "student.safetensors";
const TEACHER_FILE = "teacher.safetensors";
const PAGE_FILES: Readonly<Record<string, string>> = {
  "index.html": index,
  "train.html": train,
  "style.css": style,
  "icon.svg": icon,
};
const OWN = [...Object.keys(PAGE_FILES), ...SCRIPTS, STUDENT_FILE, TEACHER_FILE, CARD_FILE];

/** How the second page teaches where nothing else is said: as the configurations of WKD-L for small images do. */
export const LESSON_METHOD: LessonMethod = {
  ...{ ceWeight: 1, weight: 50, temperature: 4, lambda: 0.05, iterations: 10, sharpen: 1 },
};

/** A model for {@linkcode exportWeb}. */
export interface WebModel {
  /** The model with its weights. */
  readonly model: Model;
  /** Its architecture by the authors' name. */
  readonly name: string;
  /** The images that the architecture is for. */
  readonly family: ModelFamily;
  /** What its images are normalised by; default what the student's are. */
  readonly normalisation?: Normalisation;
}

/** What {@linkcode exportWeb} writes. */
export interface WebExport {
  /** The folder; made where it is missing. */
  readonly folder: string;
  /** The model that the page asks. */
  readonly student: WebModel;
  /** The model that teaches it on the second page; null leaves that page without. */
  readonly teacher: WebModel | null;
  /** Class names in the order of the labels. */
  readonly classes: readonly string[];
  /** What becomes of a picture before the models see it. */
  readonly preprocessing: Preprocessing;
  /** How the second page teaches; default {@linkcode LESSON_METHOD}. */
  readonly method?: LessonMethod;
  /** Paths of the user's modules that register the architectures. Default none. */
  readonly modules?: readonly string[];
  /** Whether files that are there are replaced. Default false. */
  readonly overwrite?: boolean;
}

/** A file that was written, with its bytes. */
export interface WrittenFile {
  /** Its name in the folder. */
  readonly name: string;
  /** How many bytes it has. */
  readonly bytes: number;
}

/**
 * Writes a static folder with a student, the engine and two pages: one asks the student about pictures, one trains it from
 * its teacher, both in the visitor's browser.
 *
 * @returns the files
 * @throws {UserError} where the folder holds other things or cannot be written, the models do not fit one another, or a module
 * does not run in a browser
 */
export async function exportWeb(options: WebExport): Promise<WrittenFile[]> {
  const { folder, student, teacher, classes, preprocessing } = options;
  checkModels(options);
  checkPageFolder(folder, options.overwrite);
  const scripts = await bundlePages(options.modules);
  const card: FolderCard = {
    student: cardOf(student, STUDENT_FILE),
    teacher: teacher && cardOf(teacher, TEACHER_FILE),
    classes,
    preprocessing,
    method: options.method ?? LESSON_METHOD,
  };
  const files = new Map<string, Uint8Array | string>([
    ...Object.entries(PAGE_FILES),
    ...scripts,
    [STUDENT_FILE, await weights(student, card)],
    ...(teacher ? [[TEACHER_FILE, await weights(teacher, card)] as const] : []),
    [CARD_FILE, JSON.stringify(card, null, 2) + "\n"],
  ]);
  for (const [name, content] of files) writeFileAtomic(join(folder, name), content);
  if (!teacher) removeIfThere(join(folder, TEACHER_FILE));
  return [...files].map(([name, content]) => {
    const { length } = typeof content === "string" ? new TextEncoder().encode(content) : content;
    return { name, bytes: length };
  });
}

function cardOf({ model, name, ...rest }: WebModel, file: string): ModelCard {
  const parameters = [...model.parameters()].reduce((sum, { numel }) => sum + numel, 0);
  return { file, model: name, ...rest, parameters };
}

/** The weights as a safetensors file, in float16 where that can hold them. */
async function weights(
  { model, name }: WebModel,
  { classes, preprocessing }: FolderCard,
): Promise<Uint8Array> {
  const tensors = new Map<string, SafetensorsTensor>();
  for (const [key, { shape, data }] of await readBack(model.stateDict())) {
    const dtype = data instanceof Float32Array ? "F32" : data instanceof Int32Array ? "I32" : "U32";
    tensors.set(key, halved({ dtype, shape: [...shape], data }));
  }
  return writeSafetensors(tensors, {
    format: "pt",
    model: name,
    classes: JSON.stringify(classes),
    preprocessing: JSON.stringify(preprocessing),
  });
}

/** In float16, unless a number is too large for that. */
function halved(tensor: SafetensorsTensor): SafetensorsTensor {
  const half = castTensor(tensor, "F16");
  return half.dtype === "F16" && !toFloat32(half).every(Number.isFinite) ? tensor : half;
}

function checkModels({ student, teacher, classes, preprocessing }: WebExport): void {
  const { channels } = preprocessing;
  if (channels !== 1 && channels !== 3) {
    throw new UserError(
      `a page shows pictures of 1 or 3 channels to the model; ${student.name} wants ${channels}`,
    );
  }
  for (const each of teacher ? [student, teacher] : [student]) {
    const { shape: [outputs] } = each.model.classifier.weight;
    if (outputs === classes.length) continue;
    throw new UserError(
      `${each.name} tells ${outputs} classes apart, but there are ${classes.length} class names; ` +
        "student and teacher have to be of one data set",
    );
  }
}

/**
 * Refuses a folder that holds something else than what is replaced.
 *
 * @throws {UserError} saying what is there, or why nothing can be written
 */
export function checkPageFolder(folder: string, overwrite = false): void {
  checkFolder(folder);
  const there = [...Deno.readDirSync(folder)].map(({ name }) => name);
  const other = there.find((name) => !OWN.includes(name));
  if (other !== undefined && !isThere(join(folder, CARD_FILE))) {
    throw new UserError(
      `${visible(folder)} holds other files, such as ${
        visible(other)
      }; name a folder that is new or empty`,
    );
  }
  if (there.length > 0 && !overwrite) {
    throw new UserError(`${visible(folder)} holds a page already; replace it with --overwrite`);
  }
}
