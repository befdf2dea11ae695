import { createHash } from "node:crypto";
import { resolve } from "@std/path";
import { typedPath } from "../../config/typed_path.ts";
import { folderLayout } from "../../data/images/folder_layout.ts";
import { listClasses } from "../../data/images/list_images.ts";
import { UserError } from "../../errors.ts";
import { fileExists } from "../../formats/paths.ts";
import { readRegularFile } from "../../formats/read_file.ts";
import { listed, shown } from "../../formats/visible.ts";
import { modelNames } from "../../models/registry.ts";
import { nearestName } from "../../registry/nearest_name.ts";
import { loadCheckpoint } from "../../run/checkpoints/checkpoint.ts";
import { type ClassifierCard, readCard } from "../../run/models/classifier_card.ts";
import type { DistillRequest } from "../../run/pipeline/decisions.ts";
import { note, warn } from "../terminal/notes.ts";

/** @throws UserError where a name is no model, naming the option */
export function checkModel(option: string, name: string): void {
  const names = modelNames();
  if (names.includes(name)) return;
  throw new UserError(
    `${option} ${shown(name)} is no model; did you mean ${nearestName(name, names)}? ` +
      "`deno task models` lists them, and one of your own wants --import FILE",
  );
}

/** What is said of a teacher. */
interface Teacher {
  /** Its architecture; null where that is left open. */
  readonly name: string | null;
  /** File of its weights; null where it is trained. */
  readonly file: string | null;
  /** File of weights that its training starts from; null where that is fresh ones. */
  readonly init: string | null;
  /** What the bytes of either file come to. */
  readonly hash: string | null;
  /** What that file holds. */
  readonly card: ClassifierCard | null;
}

/** What is asked for. */
interface TeacherFlags {
  /** A model's name, or a file. */
  readonly teacher?: string;
  /** A file. */
  readonly teacherInit?: string;
}

const OPEN: Teacher = { name: null, file: null, init: null, hash: null, card: null };

/**
 * The teacher that is asked for: a trained one of a file, or one to train, from fresh weights or those of a file.
 *
 * @throws UserError where a file or a model is not there, or the file's classes are not those of the pictures
 */
export function findTeacher(
  { teacher: given, teacherInit }: TeacherFlags,
  source: Pick<DistillRequest, "pictures" | "type">,
): Teacher {
  const isPath = /[/\\]|\.(pth?|safetensors|tar|ckpt|bin)$/i.test(given ?? "");
  const isName = given !== undefined && !isPath && modelNames().includes(given);
  if (teacherInit !== undefined) {
    if (given !== undefined && !isName) {
      throw new UserError(
        "--teacher names a trained teacher and --teacher-init the weights to train one from; give one of them, or the " +
          "model's name with --teacher",
      );
    }
    const { path, hash, card } = opened(teacherInit, given);
    return { name: card.model, file: null, init: path, hash, card };
  }
  if (given === undefined) return OPEN;
  if (isName) return { ...OPEN, name: given };
  const file = typedPath(given);
  if (!isPath && !fileExists(file)) {
    throw new UserError(
      `--teacher ${shown(given)} is neither a file nor a model; did you mean ${
        nearestName(given, modelNames())
      }?`,
    );
  }
  const { path, hash, card } = opened(file);
  checkClasses(file, card, source);
  return { name: card.model, file: path, init: null, hash, card };
}

/** What a file of weights holds. */
function opened(file: string, model?: string) {
  const card = readCard(loadCheckpoint(file), { model }, note);
  const hash = createHash("sha256").update(readRegularFile(file)).digest("hex").slice(0, 12);
  return { path: resolve(file), hash, card };
}

/** A teacher of other classes cannot teach. */
function checkClasses(
  file: string,
  card: ClassifierCard,
  { pictures, type }: Pick<DistillRequest, "pictures" | "type">,
): void {
  if (type !== "image_folder") return;
  const { train, test } = folderLayout(pictures);
  const folders = [train, ...(test === null ? [] : [test])];
  const classes = new Set(folders.flatMap((folder) => listClasses(`${pictures}/${folder}`)));
  if (classes.size !== card.numClasses) {
    throw new UserError(
      `the teacher ${shown(file)} (${card.model}) tells ${card.numClasses} classes apart, and ${
        shown(pictures)
      } has ${classes.size}; a teacher knows the student's classes: leave --teacher out to train one on these pictures, or start it from these weights with --teacher-init`,
    );
  }
  const unknown = card.classes?.filter((name) => !classes.has(name)) ?? [];
  if (unknown.length > 0) {
    warn(
      `the teacher's classes have other names than the folders (${listed(unknown, 3)}); they are ` +
        "taken in their order",
    );
  }
}
