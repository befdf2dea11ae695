import { formatSeconds, plural } from "../../logging/text.ts";
import { decoded, labelsOf, top1Of } from "../model/decoded.ts";
import type { ModelData } from "../model/model_data.ts";
import { type Html, html, type HtmlValue } from "../page/html.ts";
import type { RunRecord } from "../run_record.ts";
import { calibrate } from "../statistics/calibration.ts";
import { wilsonInterval } from "../statistics/wilson.ts";
import { percent, whole } from "./words.ts";

/** What was trained on what, in a sentence. */
export function leadText({ config, epochs, finished, damaged }: RunRecord): string {
  const { DISTILLER: { TYPE, STUDENT, TEACHER }, DATASET, SOLVER } = config;
  const taught = TYPE === "NONE"
    ? "trained alone"
    : `taught by ${TEACHER} with ${methodOf(config)}`;
  const last = epochs.at(-1)?.epoch ?? 0;
  const done = finished
    ? `${plural(last, "epoch")}${last < SOLVER.EPOCHS ? `, ended early of ${SOLVER.EPOCHS}` : ""}`
    : last === 0
    ? "no epoch is done yet"
    : `${last} of ${SOLVER.EPOCHS} epochs are done: the run was interrupted, or goes on`;
  const cut = damaged > 0 ? ` ${plural(damaged, "line")} of its log could not be read.` : "";
  return `${STUDENT} ${taught} on ${DATASET.TYPE}; ${done}.${cut}`;
}

/** The method, with the parts of WKD that are on. */
export function methodOf(config: RunRecord["config"]): string {
  const { TYPE } = config.DISTILLER;
  if (TYPE !== "WKD") return TYPE;
  const { WKD_LOGIT_WEIGHT: logit, WKD_FEAT_WEIGHT: feature } =
    (config as unknown as { WKD: { LOSS: Record<string, number | "auto"> } }).WKD.LOSS;
  const parts = [Number(logit) > 0 && "WKD-L", Number(feature) > 0 && "WKD-F"].filter(Boolean);
  return parts.join(" and ") || "WKD";
}

/** The figures that are read first. */
export function overviewTiles(run: RunRecord, data: ModelData | null): Html {
  return html`<dl class="tiles" id="overview">${[
    bestTile(run, data),
    lastTile(run, data),
    data && teacherTile(run, data),
    sizeTile(data),
    timeTile(run),
    data && calibrationTile(data),
  ]}</dl>`;
}

function tile(label: string, value: HtmlValue, beside: HtmlValue, main = false): Html {
  return html`
    <div class="tile${main && " main"}">
      <dt>${label}</dt>
      <dd>
        <div class="value">${value}</div>
        <div class="beside">${beside}</div>
      </dd>
    </div>
  `;
}

function imagesOf(run: RunRecord, data: ModelData | null): number | null {
  return run.epochs.findLast(({ testImages }) => testImages)?.testImages ??
    (data && labelsOf(data).length);
}

/** An accuracy with the bounds that its number of images gives. */
function withBounds(top1: number, images: number | null, rest: string): string {
  if (images === null) return rest;
  const { low, high } = wilsonInterval(top1, images);
  return `${low.toFixed(2)} to ${high.toFixed(2)} (95\u00a0%); ${rest}`;
}

function bestTile(run: RunRecord, data: ModelData | null): Html | null {
  const best = run.epochs.reduce<RunRecord["epochs"][number] | null>(
    (best, line) =>
      Number.isFinite(line.test.top1) && line.test.top1 > (best?.test.top1 ?? -1) ? line : best,
    null,
  );
  const images = imagesOf(run, data);
  if (best) {
    const beside = withBounds(best.test.top1, images, `epoch ${best.epoch}`);
    return tile("Best top-1", percentValue(best.test.top1), beside, true);
  }
  if (!data) return tile("Best top-1", "–", "no epoch has been measured", true);
  const top1 = top1Of(labelsOf(data), decoded(data.student));
  return tile("Top-1", percentValue(top1), withBounds(top1, images, data.checkpoint), true);
}

function percentValue(value: number): Html {
  return html`${value.toFixed(2)} <small>%</small>`;
}

function lastTile(run: RunRecord, data: ModelData | null): Html | null {
  const last = run.epochs.at(-1);
  if (!last) return null;
  const { top1 } = last.test;
  const images = imagesOf(run, data);
  const isNumber = Number.isFinite(top1) && top1 !== null;
  return tile(
    run.finished ? "Final top-1" : "Last top-1",
    isNumber ? percentValue(top1) : "not finite",
    isNumber ? withBounds(top1, images, `epoch ${last.epoch}`) : `epoch ${last.epoch}`,
  );
}

function teacherTile({ config }: RunRecord, data: ModelData): Html | null {
  if (!data.teacher) return null;
  const labels = labelsOf(data);
  const [student, teacher] = [data.student, data.teacher].map(decoded);
  const [ours, theirs] = [student, teacher].map((each) => top1Of(labels, each));
  const points = ours - theirs;
  const how = Math.abs(points) < 0.005
    ? "as good as the student"
    : `the student is ${Math.abs(points).toFixed(2)} points ${points > 0 ? "above" : "below"}`;
  return tile(`Teacher (${config.DISTILLER.TEACHER})`, percentValue(theirs), how);
}

function sizeTile(data: ModelData | null): Html | null {
  if (!data) return null;
  const { student, teacher } = data;
  return tile(
    "Parameters",
    whole(student.parameters),
    teacher ? `${percent(100 * student.parameters / teacher.parameters, 1)} of the teacher's` : "",
  );
}

function timeTile({ epochs }: RunRecord): Html | null {
  const seconds = epochs.reduce(
    (sum, { train, test, ema }) => sum + train.seconds + test.seconds + (ema?.test.seconds ?? 0),
    0,
  );
  if (!(seconds > 0)) return null;
  const speeds = epochs.map(({ train }) => train.imagesPerSecond).filter(Number.isFinite);
  const mean = speeds.reduce((a, b) => a + b, 0) / Math.max(1, speeds.length);
  return tile("Training time", formatSeconds(seconds), `${whole(mean)} images/s`);
}

function calibrationTile(data: ModelData): Html {
  const labels = labelsOf(data);
  const ece = ({ confidence, predicted }: ReturnType<typeof decoded>) =>
    100 * calibrate(confidence, (i) => predicted[i] === labels[i]).ece;
  const teacher = data.teacher && decoded(data.teacher);
  return tile(
    "Calibration error",
    percentValue(ece(decoded(data.student))),
    teacher ? `the teacher has ${percent(ece(teacher))}` : "expected, of 15 bins",
  );
}
