/// <reference lib="dom" />
import { CurveSet } from "./curves.ts";
import { find, make } from "./dom.ts";
import type { LiveLines, LiveMessages, LiveTile, LiveView } from "./live_data.ts";
import type { CurveData } from "./page_data.ts";

/** Lines that the page keeps. */
const LINES = 200;
/** Milliseconds in which stopping is to be confirmed. */
const SURE_MS = 5000;

const start: LiveMessages = JSON.parse(find("data")!.textContent!);
const stop = find<HTMLButtonElement>("stop")!;
const keep = find<HTMLButtonElement>("keep")!;
const note = find("stop-note")!;
const list = find("lines")!;
const curves = new CurveSet({ places: [], figures: [] });
/** Lines of the log that were seen. */
let seen = 0;
let view = start.view;
let sure: ReturnType<typeof setTimeout> | undefined;

function setText(element: Element | null, text: string): void {
  if (element && element.textContent !== text) element.textContent = text;
}

function showTile({ id, value, beside }: LiveTile): void {
  const tile = find(`tile-${id}`);
  setText(tile?.querySelector(".value") ?? null, value);
  setText(tile?.querySelector(".beside") ?? null, beside);
}

function showView(now: LiveView): void {
  view = now;
  document.title = now.title;
  setText(document.querySelector("h1"), now.heading || "A run");
  find<HTMLProgressElement>("part")!.value = now.part;
  now.tiles.forEach(showTile);
  stop.hidden = !now.stops;
  if (!now.stops) unsure();
  if (now.stopping) setText(note, "The run saves and ends after the step under way.");
  const command = find("command")!;
  command.hidden = now.command === "";
  setText(command.querySelector("code"), now.command);
}

function showCurves(data: CurveData): void {
  const drawn = new Set(data.figures.map(({ id }) => id));
  for (const figure of document.querySelectorAll<HTMLElement>("figure.curve")) {
    figure.hidden = !drawn.has(figure.id);
  }
  curves.update(data);
}

function showLines({ first, lines }: LiveLines): void {
  const follows = list.scrollTop + list.clientHeight >= list.scrollHeight - 4;
  // Of another process, or of one that was away for long, all that is left is new.
  const known = first > seen ? 0 : Math.max(0, seen - first);
  if (first + lines.length < seen) list.replaceChildren();
  list.append(...lines.slice(known).map((line) => make("li", { textContent: line })));
  while (list.childElementCount > LINES) list.firstElementChild!.remove();
  seen = first + lines.length;
  if (follows) list.scrollTop = list.scrollHeight;
}

function connection(state: "live" | "lost" | "over", text: string): void {
  const element = find("connection")!;
  element.dataset.state = state;
  setText(element, text);
}

/** Asks before it asks the run to stop. */
function unsure(): void {
  clearTimeout(sure);
  sure = undefined;
  stop.classList.remove("sure");
  stop.textContent = "Stop and save";
  keep.hidden = true;
}

stop.addEventListener("click", async () => {
  if (sure === undefined) {
    stop.classList.add("sure");
    stop.textContent = "Stop now?";
    keep.hidden = false;
    sure = setTimeout(unsure, SURE_MS);
    return;
  }
  unsure();
  setText(note, "asking the run to stop");
  const answer = await fetch("stop", { method: "POST" }).catch(() => null);
  if (!answer?.ok) {
    setText(note, "the run could not be asked to stop; press Ctrl-C in its terminal");
  }
});
keep.addEventListener("click", unsure);

function listen(): void {
  const source = new EventSource("events");
  const on = <K extends keyof LiveMessages>(name: K, show: (data: LiveMessages[K]) => void) =>
    source.addEventListener(name, (event) => show(JSON.parse((event as MessageEvent).data)));
  source.addEventListener("open", () => connection("live", "live"));
  source.addEventListener("error", () => connection("lost", "not connected; trying again"));
  source.addEventListener("end", () => {
    source.close();
    stop.hidden = true;
    setText(note, "");
    connection("over", "the process has ended; these are its last figures");
  });
  on("view", showView);
  on("curves", showCurves);
  on("lines", showLines);
}

showView(view);
showCurves(start.curves);
showLines(start.lines);
listen();
document.documentElement.dataset.ready = "true";
