import type { Config } from "../../config/config.ts";
import { withProgram } from "../../config/program.ts";
import { asTyped } from "../../config/typed_path.ts";
import type { DatasetSplits } from "../../data/load_dataset.ts";
import { visible } from "../../formats/visible.ts";
import { formatSeconds } from "../../logging/text.ts";
import { checkpointPath } from "../../run/run_files.ts";
import { runFolder, teacherPath } from "../../run/run_paths.ts";
import type { ModelSummary, RunStart } from "../../train/events.ts";
import type { RunState } from "../../train/run_state.ts";
import { shellWords } from "../terminal/shell_words.ts";
import { table } from "../terminal/table.ts";
import { readRecord } from "./quickstart_record.ts";

/** The configuration of which the quickstart is a part. */
const WHOLE = "configs/fashion_mnist/wkd_l_f/resnet20_resnet8.yaml";

function number(value: number): string {
  return value.toLocaleString("en-US");
}

function model({ name, parameters }: ModelSummary): string {
  return `${name}, ${number(parameters)} parameters`;
}

/** What the quickstart is about to do, in a few lines. */
export function greeting(config: Config, { train, test }: DatasetSplits, start: RunStart): string {
  const { SUBSET } = config.DATASET;
  const title = start.teacher
    ? `${start.teacher.name} teaches ${start.student.name} to tell ${train.classes.length} kinds of clothes apart: the student
learns from the labels, from the Wasserstein distance between its logits and
the teacher's (WKD-L), and from that between their features (WKD-F).`
    : `${start.student.name} learns to tell ${train.classes.length} kinds of clothes apart from the labels alone.`;
  return [
    title,
    "",
    `  data     ${number(train.length)} training images` +
    `${SUBSET ? ` (${SUBSET} of each class)` : ""}, ${number(test.length)} test images`,
    ...(start.teacher
      ? [`  teacher  ${model(start.teacher)}, trained: ${visible(asTyped(teacherPath(config)))}`]
      : []),
    `  student  ${model(start.student)}, untrained`,
    `  steps    ${start.epochs} epochs of ${start.stepsPerEpoch} steps with ${config.SOLVER.BATCH_SIZE} images each`,
    `  device   ${start.device}`,
    "",
    "Kernels are compiled at the first step; the driver keeps them for the next time.",
    "",
  ].join("\n");
}

/** The comparison at the end and what to try next. */
export function finalWords(
  config: Config,
  start: RunStart,
  state: RunState,
  recordPath: string,
): string {
  const record = readRecord(recordPath, config);
  const percent = (top1: number | undefined) => top1 === undefined ? "-" : `${top1.toFixed(2)} %`;
  const teacher = start.teacher!;
  const { student } = start;
  const rows = [
    [`teacher ${teacher.name}`, number(teacher.parameters), percent(record?.teacherTop1)],
    [`student ${student.name} alone`, number(student.parameters), percent(record?.aloneTop1)],
    [`student ${student.name} taught`, number(student.parameters), percent(state.lastTop1)],
  ];
  return [
    "",
    `Done in ${formatSeconds(state.seconds)}. Top-1 accuracy over the test images:`,
    "",
    table(["", "parameters", "top-1"], rows),
    "",
    record
      ? `The student alone saw the same images for as many steps; that row and the
teacher's are from ${visible(asTyped(recordPath))}, made by
\`${record.command}\` on ${record.device}.`
      : withProgram(
        `${
          visible(asTyped(recordPath))
        } holds nothing for these settings; \`deno task quickstart --alone\` measures the other rows.`,
      ),
    "",
    withProgram(next(config)),
  ].join("\n");
}

/** What to try after the quickstart. */
function next(config: Config): string {
  const student = checkpointPath(
    runFolder(config),
    "student_best",
    config.LOG.CHECKPOINT_FORMAT,
  );
  return [
    "Next:",
    "  deno task doctor     how fast this machine is",
    "  deno task results    every method, several seeds",
    `  deno task eval -c ${shellWords([asTyped(student)])}`,
    `  deno task train --cfg ${asTyped(WHOLE)}`,
  ].join("\n");
}
