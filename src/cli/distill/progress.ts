import { listed, shown, visible } from "../../formats/visible.ts";
import { progress, type RunTexts } from "../../logging/progress.ts";
import { part } from "../../logging/lines.ts";
import { timeLeft } from "../../logging/progress_lines.ts";
import { barText, termName } from "../../logging/text.ts";
import type { PipelineListener, StageName } from "../../run/pipeline/options.ts";
import type { Pictures } from "../../run/pipeline/pictures.ts";
import { type CountBar, countBar } from "../terminal/count_bar.ts";
import { warn } from "../terminal/notes.ts";

/** Pictures that cannot be read and are named. */
const NAMED = 5;
/** Pictures of a class that hardly teach anything. */
const FEW = 50;
/** Characters of the bar; with it a line has room on 80 columns. */
const BAR = 12;

const TITLES: Readonly<Record<StageName, string>> = {
  pictures: "look at the pictures",
  teacher: "the teacher",
  "cost matrix": "the cost matrix: what the teacher finds alike",
  student: "the student, taught",
  alone: "the same student alone",
  kd: "the same student with KD",
  measure: "measure",
};

/** Shows a pipeline in the terminal: its stages, what was found and decided, and how far it is. */
export function distillListener(): PipelineListener {
  let place = "";
  let bar: CountBar | null = null;
  let counted = "";
  const say = (text: string) => console.log(visible(text));
  const end = () => {
    bar?.clear();
    [bar, counted] = [null, ""];
  };
  return {
    stage(name, at, of, how) {
      end();
      place = `${at}/${of} ${name}`;
      console.log("");
      say(`[${at}/${of}] ${TITLES[name]}${how === "anew" ? "" : `: ${how}`}`);
    },
    pictures(found) {
      end();
      for (const line of pictureLines(found)) say(line);
    },
    decided({ images, test, names }, { why }) {
      const count = (n: number) => n.toLocaleString("en-US");
      say(`  ${names.length} classes: ${listed(names, 8)}`);
      say(`  ${count(images)} pictures to train on, ${count(test)} to be measured on`);
      for (const line of why) say(`  ${line}`);
      const each = Math.round(images / names.length);
      if (each < FEW) {
        warn(`some ${each} of each class are few to learn from; a few hundred are better`);
      }
    },
    progress(what, done, total) {
      if (what !== counted) {
        end();
        bar = countBar(`${place}  ${what === "pictures" ? "decoding" : what}`, "");
        counted = what;
      }
      bar!.update(done, total);
      if (done >= total) end();
    },
    run: (_name, epochs, left) => progress({ texts: runTexts(place, epochs, left) }),
    note: (message) => say(`  ${message}`),
    warn,
  };
}

/** What was found of the pictures, as far as it is worth knowing. */
function pictureLines({ unreadable, untrained, unmeasured, split, test }: Pictures): string[] {
  const lines = [];
  if (unreadable.length > 0) {
    const are = unreadable.length === 1 ? "is" : "are";
    lines.push(`  ${unreadable.length} cannot be read and ${are} left out:`);
    for (const { name, reason } of unreadable.slice(0, NAMED)) {
      lines.push(`    ${shown(name)}: ${reason}`);
    }
    if (unreadable.length > NAMED) lines.push(`    and ${unreadable.length - NAMED} more`);
  }
  if (untrained.length > 0) {
    lines.push(`  left out, for want of a picture to train on: ${listed(untrained, NAMED)}`);
  }
  if (unmeasured > 0) lines.push(`  ${unmeasured} classes have no picture to be measured on`);
  lines.push(
    test > 0
      ? "  what is held out stays as the folder has it"
      : `  ${split.validation.length} are held out, some of each class: split.json lists them`,
  );
  return lines;
}

/**
 * The lines of a run.
 *
 * @param place the stage, such as `2/5 teacher`
 * @param left how many seconds everything still takes, by those of the run and the part of it that is to come
 */
function runTexts(
  place: string,
  epochs: number,
  left: (secondsLeft: number, part: number) => number,
): RunTexts {
  return {
    step({ epoch, step, stepsPerEpoch, loss, losses, top1, etaSeconds }) {
      const of = (epoch - 1 + step / stepsPerEpoch) / epochs;
      const terms = Object.entries(losses)
        .map(([name, value]) => `${termName(name)} ${value.toFixed(2)}`).join("  ");
      return [
        part(place, [1, ""]),
        part(barText(of, BAR), [8, barText(of, BAR / 2)], [5, ""]),
        part(`epoch ${epoch}/${epochs}`, [2, ""]),
        part(`loss ${loss.toFixed(2)}`, [4, ""]),
        part(Object.keys(losses).length > 1 ? terms : "", [9, ""]),
        part(`${top1.toFixed(1)} %`, [3, ""]),
        timeLeft(left(etaSeconds, 1 - of)),
      ];
    },
    evaluate({ epoch, done, total, etaSeconds }) {
      return [
        part(place, [1, ""]),
        part(`epoch ${epoch}/${epochs}`, [2, ""]),
        part("evaluating", [4, ""]),
        part(`${done}/${total}`, [3, ""]),
        timeLeft(left(etaSeconds, 1 - epoch / epochs)),
      ];
    },
    epoch({ epoch, epochs, train, test, bestTop1 }) {
      return [
        part(`  epoch ${String(epoch).padStart(String(epochs).length)}/${epochs}`),
        part(`loss ${train.loss.toFixed(3)}`, [4, ""]),
        part(`training ${train.top1.toFixed(2)} %`, [5, ""]),
        part(`held out ${test.top1.toFixed(2)} %`),
        part(`best ${bestTop1.toFixed(2)} %`),
      ];
    },
  };
}
