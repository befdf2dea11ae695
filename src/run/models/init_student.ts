import { asTyped } from "../../config/typed_path.ts";
import {
  describeFit,
  fitsShapes,
  fitsSomeModel,
  type FittingModel,
  fittingModels,
  shapesOf,
  type StateShapes,
} from "../../models/fitting_models.ts";
import type { Model } from "../../models/model.ts";
import { formatShape } from "../../tensor/shape.ts";
import { type Checkpoint, CheckpointError } from "../checkpoints/checkpoint.ts";
import { addCounters, readState } from "../checkpoints/checkpoint_state.ts";
import { type ModelSettings, refuseNotFinite } from "./load_model.ts";

/** What the configuration names a student by. */
const SETTINGS: ModelSettings = {
  role: "student",
  model: "DISTILLER.STUDENT",
  file: "DISTILLER.STUDENT_CHECKPOINT",
  dataset: "DATASET.TYPE",
};

/**
 * Starts a student from the weights of a checkpoint, safetensors or torch: a state dict, bare or wrapped, or a whole run, of
 * which the student is taken. Its last layer stays as it is where the checkpoint's is for other classes, or where there is
 * none: `tell` hears so in one sentence.
 *
 * @param checkpoint its file, or what was read of it
 * @param wanted what the student is, for the errors
 * @throws CheckpointError naming the file when it cannot be read; where anything else does not fit the student, with the
 * tensor; where it holds numbers that are not finite, with the tensor
 */
export function initStudent(
  student: Model,
  checkpoint: string | Checkpoint,
  wanted: FittingModel,
  tell: (message: string) => void = () => {},
): void {
  const own = shapesOf(student.stateDict());
  const head = headNames(student);
  const { path, entries, note } = readState(
    checkpoint,
    (shapes) => fitsShapes(shapes, own),
    (shapes) => fitsShapes(withHead(shapes, own, head), own),
    fitsSomeModel,
  );
  const found = shapesOf(entries);
  const why = whyHeadIsFresh(found, own, head);
  if (why !== null) {
    for (const name of head) {
      entries.delete(name);
      own.delete(name);
    }
  }
  addCounters(entries, own.keys());
  const reason = misfit(shapesOf(entries), own);
  if (reason !== null) {
    throw new CheckpointError(
      `${asTyped(path)} does not fit the student ${describeFit(wanted)}: ${reason}${
        advice(found, wanted)
      }`,
    );
  }
  refuseNotFinite(path, entries, wanted, SETTINGS);
  student.loadStateDict(entries, { strict: false });
  const notes = [note, why].filter((each) => each !== null);
  if (notes.length > 0) tell(`${asTyped(path)}: ${notes.join("; ")}`);
}

/** Names of the parameters of the last layer. */
function headNames(student: Model): string[] {
  const { weight, bias } = student.classifier;
  return [...student.stateDict()].filter(([, each]) => each === weight || each === bias)
    .map(([name]) => name);
}

/** Shapes as they would be with the student's own last layer. */
function withHead(shapes: StateShapes, own: StateShapes, head: readonly string[]): StateShapes {
  return new Map([...shapes, ...head.map((name) => [name, own.get(name)!] as const)]);
}

/** Why the last layer does not start from the checkpoint's; null where it does, or where that one is no layer of its kind. */
function whyHeadIsFresh(
  shapes: StateShapes,
  own: StateShapes,
  head: readonly string[],
): string | null {
  const named = `the student's last layer (${head.join(", ")}) starts from fresh weights`;
  if (head.every((name) => !shapes.has(name))) return `it has no last layer: ${named}`;
  const sameKind = head.every((name) => {
    const shape = shapes.get(name);
    return shape !== undefined && String(shape.slice(1)) === String(own.get(name)!.slice(1));
  });
  const [theirs, ours] = [shapes, own].map((each) => each.get(head[0])?.[0]);
  if (!sameKind || theirs === ours) return null;
  return `its last layer is for ${theirs} classes and the data set has ${ours}: ${named}`;
}

/** What keeps weights from fitting, with the first tensor's name; null where they fit. */
function misfit(shapes: StateShapes, own: StateShapes): string | null {
  for (const [i, [name, wanted]] of [...own].entries()) {
    const found = shapes.get(name);
    if (found === undefined) return `it has no ${name}`;
    if (String(found) === String(wanted)) continue;
    const sizes = `${name} is ${formatShape(found)}, ${formatShape(wanted)} wanted`;
    const channels = i === 0 && found.length === 4 &&
      String([found[0], ...found.slice(2)]) === String([wanted[0], ...wanted.slice(2)]);
    return channels
      ? `${sizes}: it is for images of ${found[1]} channel${found[1] === 1 ? "" : "s"}, and the ` +
        `data set's have ${wanted[1]}`
      : sizes;
  }
  const surplus = [...shapes.keys()].find((name) => !own.has(name));
  return surplus === undefined ? null : `the student has no ${surplus}`;
}

/** What to do about weights that do not fit, as a clause. */
function advice(shapes: StateShapes, wanted: FittingModel): string {
  const { models, nearest } = fittingModels(shapes);
  if (models.length === 0) {
    const like = nearest ? ` (most like ${nearest.name})` : "";
    return `; it fits no model that is known here${like}: use another ${SETTINGS.file}`;
  }
  const others = models.filter(({ name }) => name !== wanted.name);
  return `; it fits ${models.map(describeFit).join(" and ")}: use another ${SETTINGS.file}` +
    (others.length > 0 ? `, or another ${SETTINGS.model}` : "");
}
