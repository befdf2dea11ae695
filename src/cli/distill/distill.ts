import { basename, resolve } from "@std/path";
import { programWords } from "../../config/program.ts";
import { asTyped, typedPath } from "../../config/typed_path.ts";
import { folderLayout } from "../../data/images/folder_layout.ts";
import { listClasses } from "../../data/images/list_images.ts";
import { datasets, findDataset } from "../../data/registry.ts";
import { UserError } from "../../errors.ts";
import { checkFolder } from "../../formats/atomic_write.ts";
import { fileExists, isFolder } from "../../formats/paths.ts";
import { shown, visible } from "../../formats/visible.ts";
// What is registered is in the schema.
import "../../optim/registry.ts";
import type { LivePage } from "../../report/live/live.ts";
import { reportAtEnd } from "../../report/report_at_end.ts";
import { FailedRun } from "../../run/failed_run.ts";
import type { Group } from "../../parallel/group.ts";
import { openGroup } from "../../parallel/open_group.ts";
import { type DistillRequest, methodSettings } from "../../run/pipeline/decisions.ts";
import { followPipeline } from "../../run/pipeline/jobs.ts";
import type { PipelineOptions } from "../../run/pipeline/options.ts";
import { runPipeline } from "../../run/pipeline/pipeline.ts";
import { PipelineFiles, pipelineFolder, refuseOwnKeys } from "../../run/pipeline/plan.ts";
import { RunLock } from "../../run/run_lock.ts";
import { liveListener } from "./live.ts";
import { distillListener } from "./progress.ts";
import { finalWords, writeStudent } from "./summary.ts";
import { checkModel, findTeacher } from "./teacher.ts";
import { asRank } from "../as_rank.ts";
import { importWords } from "../options/import_modules.ts";
import { datasetCallbacks, openComputeDevice, tuneWords } from "../device/open_device.ts";
import { noteTimeToSave } from "../rank_device.ts";
import { type Interrupt, interruptSignal } from "../terminal/interrupt_signal.ts";
import { type LiveFlag, withLivePage } from "../terminal/live_page.ts";
import { note, warn } from "../terminal/notes.ts";
import { shellWords } from "../terminal/shell_words.ts";

/** Options of the `distill` command. */
export interface DistillFlags {
  /** The teacher's file or architecture. */
  readonly teacher?: string;
  /** File of weights that the teacher starts from. */
  readonly teacherInit?: string;
  /** The student's architecture. */
  readonly student?: string;
  /** How it is taught. */
  readonly method: string;
  /** Passes over the pictures. */
  readonly epochs?: number;
  /** Rows and columns that the models see. */
  readonly size?: number;
  /** Pictures in a training batch. */
  readonly batchSize?: number;
  /** Part of each class that is held out. */
  readonly validation: number;
  /** Train the student alone and with KD, too. */
  readonly compare?: boolean;
  /** Name of the folder. */
  readonly name?: string;
  /** Seed of everything. */
  readonly seed: number;
  /** Start again. */
  readonly overwrite?: boolean;
  /** Kind of adapter. */
  readonly device?: string;
  /** Show it on a page. */
  readonly live?: LiveFlag;
  /** Time variants of kernels, or do not; default on hardware. */
  readonly tune?: boolean;
}

/**
 * Goes from a folder of pictures to a student, and goes on where it was stopped.
 *
 * @param pictures the folder, or the name of a data set
 * @param overrides pairs of a dotted key and a YAML value for all runs
 * @returns the exit status
 */
export async function distill(
  pictures: string,
  flags: DistillFlags,
  overrides: readonly string[],
): Promise<number> {
  const group = await openGroup();
  if (group.rank > 0) return await asRank(group, () => follow(group, flags));
  return await lead(group, pictures, flags, overrides);
}

/** Does as another rank than 0 what rank 0 says. */
async function follow(group: Group, { device, tune }: DistillFlags): Promise<number> {
  const interrupt = interruptSignal("");
  try {
    const gpu = await openComputeDevice(device, tune);
    await followPipeline({ group, gpu, signal: interrupt.signal });
    return interrupt.signal.aborted ? interrupt.status : 0;
  } finally {
    interrupt.dispose();
  }
}

async function lead(
  group: Group,
  pictures: string,
  flags: DistillFlags,
  overrides: readonly string[],
): Promise<number> {
  refuseOwnKeys(overrides);
  const { method } = flags;
  methodSettings(method);
  const source = findPictures(pictures);
  if (flags.student !== undefined) checkModel("--student", flags.student);
  const teacher = findTeacher(flags, source);
  const request: DistillRequest = {
    ...source,
    ...{ teacher: teacher.name, teacherFile: teacher.file, teacherHash: teacher.hash },
    teacherInit: teacher.init,
    ...{ student: flags.student ?? null, method, epochs: flags.epochs ?? null },
    ...{ size: flags.size ?? null, batch: flags.batchSize ?? null, share: flags.validation },
    ...{ seed: flags.seed, overrides },
  };
  const name = flags.name ?? nameOf(pictures);
  const folder = pipelineFolder(name, overrides);
  checkFolder(folder);
  const lock = new RunLock(folder, warn);
  const interrupt = interruptSignal(
    "stopping; what is done is kept, and the same command goes on (Ctrl-C again ends at once)",
  );
  const command = resumeCommand(pictures, flags, overrides);
  try {
    if (flags.overwrite) startAgain(new PipelineFiles(folder));
    console.log(visible(`from ${asTyped(source.pictures)} into ${asTyped(folder)}`));
    const gpu = await openComputeDevice(flags.device, flags.tune);
    noteTimeToSave();
    const parts = { gpu, folder, request, teacher: teacher.card, group, command };
    return await withLivePage(
      flags.live,
      interrupt,
      (page) => distillInto(parts, flags, interrupt, page),
    );
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new FailedRun(
      error,
      `what is done is kept in ${visible(asTyped(folder))}; go on with:\n  ${command}`,
    );
  } finally {
    interrupt.dispose();
    lock.release();
  }
}

/** What is made of what, and where. */
interface DistillParts
  extends Pick<PipelineOptions, "gpu" | "folder" | "request" | "teacher" | "group"> {
  /** The command that goes on. */
  readonly command: string;
}

async function distillInto(
  { command, ...parts }: DistillParts,
  { compare = false }: DistillFlags,
  interrupt: Interrupt,
  page: LivePage | null,
): Promise<number> {
  const { folder, request } = parts;
  const listener = distillListener();
  if (page) page.deviceMemory = () => parts.gpu.account.peak;
  const result = await runPipeline({
    ...parts,
    compare,
    workers: Math.min(4, navigator.hardwareConcurrency),
    signal: interrupt.signal,
    resumeCommand: command,
    callbacks: datasetCallbacks(),
    closing: (splits) => reportAtEnd(splits, interrupt.signal, note),
    listener: page ? liveListener(listener, page) : listener,
  });
  if (!result) {
    console.log(`stopped; go on with:\n  ${command}`);
    return interrupt.status;
  }
  const forms = await writeStudent(result.student, new PipelineFiles(folder), warn);
  console.log(finalWords({ ...result, folder, request, forms }));
  return 0;
}

/** The folder or the data set that a word means. */
function findPictures(pictures: string): Pick<DistillRequest, "pictures" | "type"> {
  const isName = !/[/\\]/.test(pictures);
  const folder = isName ? typedPath(pictures) : pictures;
  if (isFolder(folder)) {
    checkPictures(folder);
    return { pictures: resolve(folder), type: "image_folder" };
  }
  const found = isName ? findDataset(pictures) : undefined;
  if (found && found.name !== "image_folder") return { pictures, type: found.name };
  if (fileExists(folder)) {
    throw new UserError(`${shown(pictures)} is a file; distill wants a folder of pictures`);
  }
  const names = datasets().map(({ name }) => name).filter((name) => name !== "image_folder");
  throw new UserError(
    `there is no folder ${shown(pictures)}${
      isName ? `, and no data set of that name (${names.join(", ")})` : ""
    }; distill wants a folder with one of pictures for each class`,
  );
}

/** @throws UserError where nothing in a folder looks like classes */
function checkPictures(folder: string): void {
  const { train, test } = folderLayout(folder);
  const classes = listClasses(train === "" ? folder : `${folder}/${train}`);
  if (classes.length > 0) return;
  const what = test === null
    ? "has no folders in it"
    : `has ${test}/ in it and no train/ with a folder for each class`;
  throw new UserError(
    `${shown(folder)} ${what}; distill wants PICTURES/<class>/* or PICTURES/{train,val}/<class>/*`,
  );
}

/** A name for the folder of what is made from pictures. */
function nameOf(pictures: string): string {
  const plain = basename(resolve(typedPath(pictures))).replace(/[^\p{L}\p{N}._-]+/gu, "_");
  return plain.replace(/^\.+/, "") || "pictures";
}

/** Takes away what an earlier pipeline has left in its folder. */
function startAgain({ folder, state }: PipelineFiles): void {
  // Of a folder that no pipeline has made nothing is taken.
  if (!fileExists(state)) return;
  const names = ["teacher", "student", "alone", "kd"];
  const left = [
    ...["pipeline.json", "split.json", "cost_matrix.safetensors"],
    ...["student.pth", "student.safetensors", "student.onnx"],
    ...names,
    ...names.map((name) => `${name}.yaml`),
  ];
  for (const name of left) {
    try {
      Deno.removeSync(`${folder}/${name}`, { recursive: true });
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

function resumeCommand(
  pictures: string,
  flags: DistillFlags,
  overrides: readonly string[],
): string {
  const isPath = /[/\\]/.test(pictures);
  const options: readonly [string, string | number | undefined][] = [
    ["--teacher", flags.teacher],
    ["--teacher-init", flags.teacherInit],
    ["--student", flags.student],
    ["--method", flags.method === "wkd_l_f" ? undefined : flags.method],
    ["--epochs", flags.epochs],
    ["--size", flags.size],
    ["--batch-size", flags.batchSize],
    ["--validation", flags.validation === 0.1 ? undefined : flags.validation],
    ["--name", flags.name],
    ["--seed", flags.seed === 0 ? undefined : flags.seed],
    ["--device", flags.device],
    ["--live", typeof flags.live === "number" ? flags.live : undefined],
  ];
  return shellWords([
    ...programWords(),
    "distill",
    isPath ? asTyped(pictures) : pictures,
    ...options.flatMap(([name, value]) => value === undefined ? [] : [name, String(value)]),
    ...(flags.compare ? ["--compare"] : []),
    ...(flags.live === true ? ["--live"] : []),
    ...tuneWords(flags.tune),
    ...importWords(),
    ...overrides,
  ]);
}
