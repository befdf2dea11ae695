import { listed, shown, visible } from "../../formats/visible.ts";
import { progress } from "../../logging/progress.ts";
import { barText, formatSeconds } from "../../logging/text.ts";
import type { PipelineListener, StageName } from "../../run/pipeline/options.ts";
import { type CountBar, countBar } from "../terminal/count_bar.ts";

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
    pictures({ unreadable, untrained, unmeasured, split, test }) {
      end();
      if (unreadable.length > 0) {
        const names = unreadable.slice(0, NAMED)
          .map(({ name, reason }) => `    ${shown(name)}: ${reason}`);
        const more = unreadable.length > NAMED ? [`    and ${unreadable.length - NAMED} more`] : [];
        say(
          `  ${unreadable.length} cannot be read and ${
            unreadable.length === 1 ? "is" : "are"
          } left out:`,
        );
        for (const line of [...names, ...more]) say(line);
      }
      if (untrained.length > 0) {
        say(`  left out, for want of a picture to train on: ${listed(untrained, NAMED)}`);
      }
      if (unmeasured > 0) say(`  ${unmeasured} classes have no picture to be measured on`);
      if (test > 0) say("  what is held out stays as the folder has it");
      else {say(
          `  ${split.validation.length} are held out, some of each class: split.json lists them`,
        );}
    },
    decided({ images, test, names }, { why }) {
      const count = (n: number) => n.toLocaleString("en-US");
      say(`  ${names.length} classes: ${listed(names, 8)}`);
      say(`  ${count(images)} pictures to train on, ${count(test)} to be measured on`);
      for (const line of why) say(`  ${line}`);
      const each = Math.round(images / names.length);
      if (each < FEW) {
        console.error(
          `warning: some ${each} of each class are few to learn from; a few hundred are better`,
        );
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
    run(_name, epochs, left) {
      return progress({
        texts: {
          step({ epoch, step, stepsPerEpoch, loss, top1, etaSeconds }) {
            const part = (epoch - 1 + step / stepsPerEpoch) / epochs;
            return `${place} ${barText(part, BAR)} epoch ${epoch}/${epochs}  loss ${
              loss.toFixed(2)
            }  ${top1.toFixed(1)} %  ${formatSeconds(left(etaSeconds, 1 - part))} left`;
          },
          evaluate: ({ epoch, done, total }) =>
            `${place} epoch ${epoch}  evaluating ${done}/${total}`,
          epoch({ epoch, epochs, train, test, bestTop1 }) {
            return `  epoch ${String(epoch).padStart(String(epochs).length)}/${epochs}  loss ${
              train.loss.toFixed(3)
            }  training ${train.top1.toFixed(2)} %  held out ${test.top1.toFixed(2)} %  best ${
              bestTop1.toFixed(2)
            } %`;
          },
        },
      });
    },
    note: (message) => say(`  ${message}`),
    warn: (message) => console.error(`warning: ${visible(message)}`),
  };
}
