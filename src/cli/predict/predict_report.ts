import type { AtomicFile } from "../../formats/atomic_write.ts";
import { shown, visible } from "../../formats/visible.ts";
import type { Prediction } from "../../train/predictor.ts";

/** What is told of one picture. */
export interface PicturePrediction {
  /** Its file as it was typed; `-` for standard input. */
  readonly path: string;
  /** The likeliest classes, the likeliest first. */
  readonly predictions: readonly Prediction[];
}

/** A picture that could not be read, or that the model says nothing of. */
export interface PictureFailure {
  /** Its file as it was typed. */
  readonly path: string;
  /** Why, in a few words. */
  readonly reason: string;
}

/** What stands above the predictions in JSON. */
export interface PredictionHead {
  /** Architecture. */
  readonly model: string;
  /** File of the weights. */
  readonly checkpoint: string;
  /** The adapter's name. */
  readonly device: string;
}

/** Takes the predictions one after the other, so that none has to be kept. */
export interface PredictionSink {
  /** Takes one. */
  add(prediction: PicturePrediction): void;
  /** Says that there are no more, as all were told or somebody stopped it. */
  end(failures: readonly PictureFailure[], stopped: boolean): void;
}

/** Longest class name that a line shows. */
const LONGEST_NAME = 60;

/** What a class is called: its name, or its number where nothing says one. */
export function className(classes: readonly string[] | null, label: number): string {
  return classes?.[label] ?? `class ${label}`;
}

/** A probability in percent, such as ` 93.12 %`; always as wide. */
function percent(probability: number): string {
  return `${(100 * probability).toFixed(2).padStart(6)} %`;
}

/** Predictions as lines: the picture, and below it each class; with one class all on a line. */
export function textSink(
  classes: readonly string[] | null,
  top: number,
  print: (line: string) => void,
): PredictionSink {
  const line = ({ label, probability }: Prediction) =>
    `${percent(probability)}  ${shown(className(classes, label), LONGEST_NAME)}`;
  return {
    add: ({ path, predictions }) => {
      const lines = predictions.map(line);
      if (top === 1) return print(`${lines[0]}  ${visible(path)}`);
      print([visible(path), ...lines.map((each) => `  ${each}`)].join("\n"));
    },
    end: () => {},
  };
}

/**
 * Predictions as one JSON document with the keys `model`, `checkpoint`, `device`, `pictures` (`path` and `predictions` of
 * `label`, `name` (null where nothing says it) and `probability`) and `failures` (`path`, `reason`); a picture a line. Where
 * it was stopped, `stopped` is true.
 */
export function jsonSink(
  classes: readonly string[] | null,
  head: PredictionHead,
  print: (line: string) => void,
): PredictionSink {
  let waiting: string | null = null;
  const start = JSON.stringify(head, null, 2).replace(/\n\}$/, ",");
  const lines = (list: readonly string[]) => list.length > 0 ? `[\n${list.join(",\n")}\n  ]` : "[]";
  return {
    add: ({ path, predictions }) => {
      const named = predictions.map(({ label, probability }) => {
        return { label, name: classes?.[label] ?? null, probability };
      });
      print(waiting === null ? `${start}\n  "pictures": [` : `${waiting},`);
      waiting = `    ${JSON.stringify({ path, predictions: named })}`;
    },
    end: (failures, stopped) => {
      const last = stopped ? ',\n  "stopped": true' : "";
      const failed = `  "failures": ${
        lines(failures.map((each) => `    ${JSON.stringify(each)}`))
      }`;
      const pictures = waiting === null ? `${start}\n  "pictures": [],` : `${waiting}\n  ],`;
      print(`${pictures}\n${failed}${last}\n}`);
    },
  };
}

/**
 * Predictions as a table of comma-separated values (RFC 4180, with line feeds): a row for each class of a picture, under the
 * header `path,rank,label,class,probability`. The file is there once all is done.
 */
export function csvSink(classes: readonly string[] | null, file: AtomicFile): PredictionSink {
  const encoder = new TextEncoder();
  const row = (...cells: readonly (string | number)[]) => `${cells.map(cell).join(",")}\n`;
  const write = (text: string) => file.write(encoder.encode(text));
  write(row("path", "rank", "label", "class", "probability"));
  return {
    add: ({ path, predictions }) =>
      write(
        predictions.map(({ label, probability }, at) =>
          row(path, at + 1, label, classes?.[label] ?? "", probability)
        ).join(""),
      ),
    end: (_, stopped) => {
      if (!stopped) file.commit();
    },
  };
}

/** A value as a cell: in quotes where it has what separates cells or rows. */
function cell(value: string | number): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
