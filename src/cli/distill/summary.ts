import { dirname, join } from "@std/path";
import { withProgram } from "../../config/program.ts";
import { asTyped } from "../../config/typed_path.ts";
import { UserError } from "../../errors.ts";
import { fileExists } from "../../formats/paths.ts";
import { escapeControls } from "../../formats/visible.ts";
import { openClassifier } from "../../run/models/classifier.ts";
import type { DistillRequest } from "../../run/pipeline/decisions.ts";
import { REPORT_FILE } from "../../run/run_file_names.ts";
import type { ModelRow } from "../../run/pipeline/measure.ts";
import type { PipelineResult } from "../../run/pipeline/options.ts";
import type { PipelineFiles } from "../../run/pipeline/plan.ts";
import { exportOnnxFile } from "../export/export_onnx.ts";
import { convertCheckpoint } from "../checkpoints/convert.ts";
import { shellWords } from "../terminal/shell_words.ts";
import { table } from "../terminal/table.ts";

/** A file of the student. */
interface StudentForm {
  readonly path: string;
  /** What opens it. */
  readonly what: string;
}

/**
 * Writes the student in the forms that other programs read.
 *
 * @param tell takes a sentence about one that cannot be written
 */
export async function writeStudent(
  student: string,
  files: PipelineFiles,
  tell: (message: string) => void,
): Promise<readonly StudentForm[]> {
  const forms = [
    { path: files.student("pth"), what: "PyTorch: torch.load" },
    { path: files.student("safetensors"), what: "safetensors" },
  ];
  for (const { path } of forms) convertCheckpoint(student, path, { overwrite: true });
  const onnx = files.student("onnx");
  const classifier = openClassifier(student);
  try {
    await exportOnnxFile(classifier, onnx, { overwrite: true });
  } catch (error) {
    // A model of the user's may have ops that ONNX has not.
    if (!(error instanceof UserError)) throw error;
    tell(`the student has no ONNX form: ${error.message}`);
    return forms;
  } finally {
    classifier.model.dispose();
  }
  return [...forms, { path: onnx, what: "ONNX" }];
}

/** What a pipeline came to, and what to do with it. */
export function finalWords(
  { rows, test, student, folder, request, forms }: PipelineResult & {
    readonly folder: string;
    readonly request: DistillRequest;
    readonly forms: readonly StudentForm[];
  },
): string {
  const isFolder = request.type === "image_folder";
  const typed = (path: string) => shellWords([asTyped(path)]);
  const width = Math.max(...forms.map(({ path }) => typed(path).length), typed(student).length);
  const lines = [
    "",
    modelTable(rows, request.method),
    "",
    `Top-1 is over the ${test.toLocaleString("en-US")} ${
      isFolder ? "pictures" : "images"
    } held out, after the best epoch.`,
    "",
    "The student:",
    ...[{ path: student, what: "this program" }, ...forms].map(({ path, what }) =>
      `  ${typed(path).padEnd(width)}  ${what}`
    ),
    ...reportLines(student, rows, typed),
    "",
    "Next:",
    `  deno task predict -c ${typed(join(folder, "student"))} PICTURE`,
    `  deno task eval -c ${typed(student)}`,
    `  deno task export -c ${typed(join(folder, "student"))} --to web PAGE`,
    `  deno task train --cfg ${typed(join(folder, "student.yaml"))} EXPERIMENT.NAME again`,
  ];
  return withProgram(escapeControls(lines.join("\n")));
}

/** Where the student's page is, and how it is compared with what was trained beside it. */
function reportLines(
  student: string,
  rows: readonly ModelRow[],
  typed: (path: string) => string,
): string[] {
  const run = dirname(student);
  const page = join(run, REPORT_FILE);
  if (!fileExists(page)) return [];
  const beside = rows.filter(({ run }) => run === "alone" || run === "kd")
    .map(({ run: name }) => typed(join(dirname(run), name)));
  const compare = `  deno task report ${[typed(run), ...beside].join(" ")}`;
  return ["", "Its report:", `  ${typed(page)}`, ...(beside.length > 0 ? [compare] : [])];
}

function modelTable(rows: readonly ModelRow[], method: string): string {
  const number = (value: number) => value.toLocaleString("en-US");
  const cells = rows.map(({ run, name, parameters, multiplyAdds, top1, imagesPerSecond }) => [
    `${name} ${{ teacher: "(teacher)", student: method, alone: "alone", kd: "kd" }[run]}`,
    number(parameters),
    `${(multiplyAdds / 1e6).toFixed(1)} M`,
    `${top1.toFixed(2)} %`,
    number(Math.round(imagesPerSecond)),
  ]);
  return table(["", "parameters", "multiply-adds", "top-1", "images/s"], cells);
}
