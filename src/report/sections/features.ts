import type { FeatureMap, ModelData } from "../model/model_data.ts";
import { type Html, html } from "../page/html.ts";
import type { PageSection } from "../page/page.ts";
import { guessText } from "./classes.ts";
import { missingNote, percent, whole } from "./words.ts";

/** Colours of the style for classes. */
const COLOURS = 10;
/** The map's places go from 0 to this, with some room around; it is no lower than that. */
const [SIDE, ROOM, LOWEST] = [1000, 50, 620];

/** How the logits of both models go along with one another. */
export function correlationSection({ correlations, missing }: ModelData): PageSection {
  const { before = null, means, images } = correlations ?? {};
  return {
    id: "correlations",
    title: "Correlation of the logits",
    short: "Correlations",
    about: correlations &&
      `How far the student's correlations between the logits of two classes are from the teacher's, over ${
        whole(images!)
      } images; classes in clustered order, both pictures with the same colours.`,
    body: !correlations
      ? missingNote("correlations", missing.correlations ?? "There is no teacher to compare with.")
      : html`
        <div
          class="figures">${before
            ? html`
              <figure id="heat-before" class="heat-figure">
                <h3>Before the first step <small>mean ${means!.before}</small></h3>
              </figure>
            `
            : missingNote(
              "before",
              missing.before ?? "The first weights could not be made again.",
            )}<figure id="heat-after" class="heat-figure"><h3>After training <small>mean ${means!
            .after}</small></h3></figure></div>
        <p
          class="note">The student before the first step is made again from the run's seed${""}, or from the file that it started from.</p>
      `,
  };
}

/** What the features of both models look like. */
export function featureSection(data: ModelData): PageSection {
  const { map, hint, missing, classes } = data;
  return {
    id: "features",
    title: "Features",
    about: map &&
      `What both classifiers see of ${
        whole(map.labels.length)
      } images, on the two axes along which they differ most (principal components)${
        map.classes.length < classes.length
          ? "; the ten classes that the student takes for one another most"
          : ""
      }.`,
    body: html`${
      map
        ? html`<div class="figures">${mapFigure(map, "student", classes)}${
          map.teacher && mapFigure(map, "teacher", classes)
        }</div>`
        : missingNote("map", missing.map ?? "There are no features to show.")
    }${hintFigure(data)}`,
  };

  function hintFigure({ hint: figure }: ModelData): Html {
    if (!figure) return missingNote("hint", missing.hint ?? missing.map ?? "Nothing is compared.");
    return html`
      <figure id="heat-hint" class="heat-figure below" data-shape="wide">
        <h3>Gaussian Wasserstein distance of the hint layer <small>layer ${hint!.layer}</small></h3>
        <figcaption>A cell is an image: how far the student's features, behind the projector, are from the teacher's, the nearest first. Means: ${figure
          .heat.rowNames.map((name, i) =>
            `${i > 0 ? ", " : ""}${name} ${figure.means[i]}`
          )}.</figcaption>
      </figure>
    `;
  }
}

function mapFigure(
  { labels, classes, shares, ...points }: FeatureMap,
  who: "student" | "teacher",
  names: readonly string[],
): Html {
  const places = points[who]!;
  const of = (label: number) =>
    labels.flatMap((each, i) => each === label ? [[places[2 * i], places[2 * i + 1]]] : []);
  const heights = places.filter((_, i) => i % 2 === 1).map((y) => SIDE - y);
  const [top, bottom] = [Math.min(...heights), Math.max(...heights)];
  const height = Math.max(LOWEST, bottom - top + 2 * ROOM);
  const start = Math.round((top + bottom - height) / 2);
  const [first, second] = shares[who]!.map((share) => percent(100 * share, 0));
  return html`
    <figure id="map-${who}" class="map" data-points="${labels.length}">
      <h3>${who === "student"
        ? "Student"
        : "Teacher"} <small>${first} and ${second} of the variance</small></h3>
      <svg viewBox="${-ROOM} ${start} ${SIDE + 2 * ROOM} ${height}" role="img"
        aria-label="Features of the ${who}, ${labels.length} images of ${classes.length} classes">
    ${classes.map((label, i) =>
      html`
        <path d="${of(label).map(([x, y]) => `M${x} ${SIDE - y}h0`).join(
          "",
        )}" style="stroke:var(--series-${i % COLOURS + 1})">
          <title>${names[label]}</title>
        </path>
      `
    )}
    ${apart(classes.map((label) => centre(of(label)))).map(([x, y], i) =>
      html`<text x="${x}" y="${y}" text-anchor="middle">${names[classes[i]]}</text>`
    )}</svg>
    </figure>
  `;
}

function centre(points: readonly (readonly number[])[]): [number, number] {
  const middle = (which: number) => {
    const values = points.map((point) => point[which]).sort((a, b) => a - b);
    return values[Math.floor(values.length / 2)] ?? SIDE / 2;
  };
  return [middle(0), SIDE - middle(1)];
}

/** Names that would lie over one another a line apart. */
function apart(centres: readonly (readonly [number, number])[]): [number, number][] {
  const [line, width] = [44, 260];
  const placed: [x: number, y: number][] = centres.map(([x, y]) => {
    return [Math.min(SIDE - 90, Math.max(90, x)), y];
  });
  for (let turn = 0; turn < 60; turn++) {
    for (const a of placed) {
      for (const b of placed) {
        const near = Math.abs(a[0] - b[0]) < width && Math.abs(a[1] - b[1]) < line;
        if (a === b || !near) continue;
        const move = (line - Math.abs(a[1] - b[1])) / 2;
        const sign = a[1] === b[1] ? placed.indexOf(a) - placed.indexOf(b) : a[1] - b[1];
        a[1] += Math.sign(sign) * move;
        b[1] -= Math.sign(sign) * move;
      }
    }
  }
  return placed.map(([x, y]) => [Math.round(x), Math.round(y)]);
}

/** Where both models look. */
export function attentionSection({ close, classes, missing, teacher }: ModelData): PageSection {
  const shown = close.filter(({ attention }) => attention);
  return {
    id: "attention",
    title: "Grad-CAM",
    about:
      "Where each model looks for the class that it finds, at its last feature map: yellow counts most.",
    body: shown.length === 0
      ? missingNote("attention", missing.attention ?? "There is no image to show.")
      : html`<div class="figures small">${
        shown.map(({ picture, label, attention, student, teacher: guesses }) =>
          html`
            <figure class="attention">
              <h3>${classes[label]}</h3>
              <div class="trio">
            <div><img class="picture" src="${picture}" alt="${classes[label]}">picture</div>
            <div><img class="picture" src="${attention!
              .student}" alt="where the student looks">student: ${student[0] &&
              guessText(student[0], classes)}</div>
            ${attention!.teacher &&
              html`<div><img class="picture" src="${
                attention!.teacher
              }" alt="where the teacher looks">teacher: ${
                guesses?.[0] && guessText(guesses[0], classes)
              }</div>`}</div>
            </figure>
          `
        )
      }</div>${missing.attention && teacher && missingNote("attention", missing.attention)}`,
  };
}
