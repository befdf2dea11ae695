import { unpackCells } from "../client/bytes.ts";
import { decoded, labelsOf } from "../model/decoded.ts";
import type { Guess, ModelData, ShownImage } from "../model/model_data.ts";
import { type Html, html } from "../page/html.ts";
import type { PageSection } from "../page/page.ts";
import { type ClassScore, classScores, worstConfusions } from "../statistics/confusion.ts";
import { missingNote, percent } from "./words.ts";

/** Pairs of classes that are named. */
const PAIRS = 12;

/** The confusion matrix, and the pairs that stand out. */
export function confusionSection(data: ModelData): PageSection {
  const { classes, confusion } = data;
  const cells = unpackCells(confusion.models[0].cells, classes.length);
  const totals = new Float64Array(classes.length);
  for (const [from, , count] of cells) totals[from] += count;
  const pairs = worstConfusions(cells, PAIRS);
  return {
    id: "confusion",
    title: "Confusion",
    about:
      "Rows are the images' classes, columns what was found. Colours go by the root of the share, so that rare mistakes show beside the diagonal.",
    body: html`
      <div class="controls" id="confusion-controls"></div>
      <div class="figures wide">
        <figure id="confusion-figure">
          <h3>Confusion matrix</h3>
        </figure>
        <figure
          id="confused-pairs"><h3>Most often taken for another <small>student</small></h3>${pairs
              .length === 0
            ? missingNote("pairs", "The student is right about every image.")
            : html`
              <div class="scroll" tabindex="0">
                <table class="sortable">
                  <thead>
                    <tr>
                      <th scope="col">Class</th>
                      <th scope="col">taken for</th>
                      <th scope="col" class="number">images</th>
                      <th scope="col" class="number">share</th>
                    </tr>
                  </thead>
                  <tbody>${pairs.map(({ from, to, count }) =>
                    html`
                      <tr>
                        <th scope="row">${classes[from]}</th>
                        <td>${classes[to]}</td>
                        <td class="number">${count}</td>
                        <td class="number">${percent(
                          100 * count / totals[from],
                          1,
                        )}</td>
                      </tr>
                    `
                  )}</tbody>
                </table>
              </div>
            `}</figure>
      </div>
    `,
  };
}

/** Accuracy of each class, of both models. */
export function classesSection(data: ModelData): PageSection {
  const labels = labelsOf(data);
  const { classes } = data;
  const of = (model: ModelData["student"]) =>
    classScores(labels, decoded(model).predicted, classes.length);
  const [student, teacher] = [of(data.student), data.teacher && of(data.teacher)];
  const order = [...classes.keys()].sort((a, b) => rate(student[a]) - rate(student[b]) || a - b);
  return {
    id: "classes",
    title: "Accuracy by class",
    short: "Classes",
    about: "Worst first; the headings sort.",
    body: html`
      <div class="scroll" tabindex="0">
        <table class="sortable" id="class-table">
          <thead>
            <tr><th scope="col">Class</th>
      <th scope="col" class="number">images</th><th scope="col">student</th>${teacher && html`
        <th scope="col">teacher</th>
        <th scope="col" class="number">difference</th>
      `}</tr>
          </thead>
          <tbody>${order.map((label) =>
            html`<tr><th scope="row">${classes[label]}</th><td class="number">${
              student[label].images
            }</td>
${accuracyCell(student[label], "student")}${
              teacher &&
              html`${accuracyCell(teacher[label], "teacher")}<td class="number">${
                signed(100 * (rate(student[label]) - rate(teacher[label])))
              }</td>`
            }</tr>`
          )}</tbody>
        </table>
      </div>
    `,
  };
}

function rate({ images, right }: ClassScore): number {
  return images > 0 ? right / images : 0;
}

function signed(points: number): string {
  return `${points > 0 ? "+" : points < 0 ? "−" : ""}${Math.abs(points).toFixed(1)}`;
}

function accuracyCell(score: ClassScore, who: string): Html {
  if (score.images === 0) return html`<td>no images</td>`;
  const share = 100 * rate(score);
  return html`<td class="bar ${who}" style="--p:${share.toFixed(1)}">${percent(share, 1)}</td>`;
}

/** The mistakes that the student is surest of. */
export function mistakesSection({ mistakes, classes }: ModelData): PageSection {
  return {
    id: "mistakes",
    title: "Worst mistakes",
    short: "Mistakes",
    about: "Images that the student is wrong about, the surest first.",
    body: mistakes.length === 0
      ? missingNote("mistakes", "The student is right about every image.")
      : html`<ul class="pictures">${mistakes.map((image) => mistake(image, classes))}</ul>`,
  };
}

function mistake(
  { picture, label, student, teacher }: ShownImage,
  classes: readonly string[],
): Html {
  const found = student[0];
  return html`<li><img class="picture" src="${picture}" alt="${classes[label]}, taken for ${
    classes[found?.label ?? label]
  }">
<b>${classes[label]}</b>
<div class="wrong">${found && guessText(found, classes)}</div>
${teacher && teacherGuess(teacher[0], label, classes)}</li>`;
}

function teacherGuess(
  guess: Guess | undefined,
  label: number,
  classes: readonly string[],
): Html | null {
  if (!guess) return null;
  return html`<div class="note">teacher: <span class="${
    guess.label === label ? "right" : "wrong"
  }">${guessText(guess, classes)}</span></div>`;
}

/** A class and how likely it is. */
export function guessText({ label, probability }: Guess, classes: readonly string[]): string {
  return `${classes[label]} ${percent(100 * probability, 0)}`;
}
