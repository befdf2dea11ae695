import { type Decoded, decoded, labelsOf, top1Of } from "../model/decoded.ts";
import type { ModelData } from "../model/model_data.ts";
import { type Html, html } from "../page/html.ts";
import type { PageSection } from "../page/page.ts";
import { calibrate, type Calibration } from "../statistics/calibration.ts";
import { percent, whole } from "./words.ts";

const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP] = [360, 270, 42, 40, 8];
const SIDE_X = WIDTH - LEFT - 16;
const SIDE_Y = HEIGHT - BOTTOM - TOP;

/** How far probabilities can be believed, and how often both models say the same. */
export function calibrationSection(data: ModelData): PageSection {
  const labels = labelsOf(data);
  const student = decoded(data.student);
  const teacher = data.teacher && decoded(data.teacher);
  return {
    id: "calibration",
    title: teacher ? "Calibration and agreement" : "Calibration",
    short: "Calibration",
    about:
      "Images by their largest probability, in 15 bins: of a calibrated model the bars end on the diagonal. ECE is the expected calibration error, the mean distance from it.",
    body: html`<div class="figures">${reliability("student", labels, student)}${
      teacher && reliability("teacher", labels, teacher)
    }${teacher && agreement(labels, student, teacher)}</div>`,
  };
}

function reliability(who: "student" | "teacher", labels: Int32Array, of: Decoded): Html {
  const calibration = calibrate(of.confidence, (i) => of.predicted[i] === labels[i]);
  const { ece, confidence, bins } = calibration;
  const over = 100 * confidence - top1Of(labels, of);
  return html`
    <figure id="reliability-${who}" class="reliability"
      data-bins="${bins.filter(({ images }) => images > 0).length}"><h3>${capital(
        who,
      )} <small>ECE ${percent(100 * ece)}</small></h3>
    ${diagram(calibration, who)}
    <figcaption>Mean confidence ${percent(100 * confidence)}, ${Math.abs(over) < 0.05
      ? "as much as the accuracy"
      : `${Math.abs(over).toFixed(2)} points ${
        over > 0 ? "above" : "below"
      } the accuracy`}.</figcaption></figure>
  `;
}

function capital(word: string): string {
  return word[0].toUpperCase() + word.slice(1);
}

function diagram({ bins }: Calibration, who: string): Html {
  const x = (share: number) => LEFT + SIDE_X * share;
  const y = (share: number) => TOP + SIDE_Y * (1 - share);
  const most = bins.reduce((most, { images }) => Math.max(most, images), 1);
  const width = SIDE_X / bins.length;
  const ticks = [0, 0.25, 0.5, 0.75, 1];
  return html`
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img"
      aria-label="Reliability diagram of the ${who}">
    ${ticks.map((at) =>
      html`
        <line class="axis" x1="${LEFT}" x2="${LEFT + SIDE_X}" y1="${y(at)}" y2="${y(at)}" />
        <text x="${LEFT - 6}" y="${y(at) + 4}" text-anchor="end">${100 * at}</text>
        <text x="${x(at)}" y="${TOP + SIDE_Y + 16}" text-anchor="middle">${100 * at}</text>
      `
    )}
    ${bins.map(({ images, accuracy, confidence }, i) =>
      images > 0 && html`
        <rect x="${(x(i / bins.length) + 1).toFixed(1)}" y="${y(accuracy).toFixed(
          1,
        )}" width="${(width - 2).toFixed(1)}" height="${(SIDE_Y * accuracy).toFixed(1)}" rx="2"
          style="fill:var(--${who})" opacity="${(0.3 + 0.7 * Math.sqrt(images / most)).toFixed(2)}">
          <title>${whole(images)} images: confidence ${percent(
            100 * confidence,
            1,
          )}, accuracy ${percent(100 * accuracy, 1)}</title>
        </rect>
      `
    )}
    <line class="diagonal" x1="${x(0)}" y1="${y(0)}" x2="${x(1)}" y2="${y(1)}"/>
    <text x="${LEFT + SIDE_X / 2}" y="${HEIGHT - 6}" text-anchor="middle">confidence, %</text>
    <text x="12" y="${TOP + SIDE_Y / 2}" text-anchor="middle" transform="rotate(-90 12 ${TOP +
      SIDE_Y / 2})">accuracy, %</text></svg>
  `;
}

function agreement(labels: Int32Array, student: Decoded, teacher: Decoded): Html {
  const counts = [[0, 0], [0, 0]];
  let [same, sameWrong] = [0, 0];
  labels.forEach((label, i) => {
    const [ours, theirs] = [student.predicted[i], teacher.predicted[i]];
    counts[Number(ours !== label)][Number(theirs !== label)]++;
    if (ours === theirs) {
      same++;
      if (ours !== label) sameWrong++;
    }
  });
  const share = (count: number) => percent(100 * count / Math.max(1, labels.length), 1);
  const cell = (count: number) =>
    html`<td class="number">${whole(count)} <small class="note">${share(count)}</small></td>`;
  return html`
    <figure id="agreement">
      <h3>Agreement <small>the same class for ${share(same)} of the images</small></h3>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th></th>
              <th scope="col" class="number">teacher right</th>
              <th scope="col" class="number">teacher wrong</th>
            </tr>
          </thead>
          <tbody>
            <tr><th scope="row">student right</th>${counts[0].map(cell)}</tr>
            <tr><th scope="row">student wrong</th>${counts[1].map(cell)}</tr>
          </tbody>
        </table>
      </div>
      <figcaption>Of the ${whole(counts[1][1])} images that neither knows, both take ${whole(
        sameWrong,
      )} for the same wrong class.</figcaption>
    </figure>
  `;
}
