import { format } from "@std/fmt/bytes";
import { formatSeconds } from "../../logging/text.ts";
import type { LiveTile, LiveView } from "../client/live_data.ts";
import type { LivePhase, LiveStatus } from "./live_state.ts";

/** What is shown where a figure is not known. */
const UNKNOWN = "–";

const WORDS: Readonly<Record<LivePhase, string>> = {
  starting: "Starting",
  compiling: "Compiling",
  training: "Training",
  evaluating: "Evaluating",
  "cost matrix": "Cost matrix",
  measuring: "Working",
  stopping: "Stopping",
  done: "Done",
  stopped: "Stopped",
  ended: "Ended",
};

/** Titles of the tiles, in their order. */
export const TILES: readonly (readonly [id: string, title: string])[] = [
  ["phase", "Now"],
  ["left", "Time left"],
  ["top1", "Top-1, held out"],
  ["loss", "Loss"],
  ["speed", "Speed"],
  ["memory", "Memory"],
];

/** A run's status as the page shows it. */
export function liveView(status: LiveStatus): LiveView {
  const { title, stage, part, phase, stops, command } = status;
  const heading = stage ? `${stage}: ${title}` : title;
  const percent = `${Math.floor(100 * part)} %`;
  return {
    title: `${percent} ${WORDS[phase].toLowerCase()} – ${heading}`,
    ...{ heading, part, tiles: tilesOf(status), command },
    stops: stops && phase !== "stopping",
    stopping: phase === "stopping",
  };
}

function tilesOf(status: LiveStatus): readonly LiveTile[] {
  const { phase, secondsLeft, top1, best, loss, terms, imagesPerSecond, memory } = status;
  const tile = (id: string, value: string, beside = ""): LiveTile => ({ id, value, beside });
  const number = (value: number | null, digits: number, unit = "") =>
    value === null ? UNKNOWN : value.toFixed(digits) + unit;
  const bytes = (count: number | null) => count === null ? UNKNOWN : size(count);
  const steps = status.stepsPerEpoch > 0 && status.step > 0
    ? `, step ${status.step} of ${status.stepsPerEpoch}`
    : "";
  const place = status.epochs > 0 ? `epoch ${status.epoch} of ${status.epochs}${steps}` : "";
  return [
    tile("phase", WORDS[phase], [place, status.detail].filter(Boolean).join("; ")),
    tile(
      "left",
      secondsLeft === null ? UNKNOWN : formatSeconds(secondsLeft),
      `${(100 * status.part).toFixed(1)} % done`,
    ),
    tile(
      "top1",
      number(top1, 2, " %"),
      best ? `best ${best.top1.toFixed(2)} %, epoch ${best.epoch}` : "not measured yet",
    ),
    tile(
      "loss",
      number(loss, 4),
      terms.length > 1
        ? terms.map(([name, value]) => `${name} ${value.toFixed(3)}`).join(", ")
        : "",
    ),
    tile(
      "speed",
      imagesPerSecond === null ? UNKNOWN : String(Math.round(imagesPerSecond)),
      status.device ? `images/s on ${status.device}` : "images/s",
    ),
    memory.device === null
      ? tile("memory", bytes(memory.process), memory.process === null ? "" : "of this machine")
      : tile(
        "memory",
        bytes(memory.device),
        memory.process === null
          ? "on the device at most"
          : `on the device at most; the process has ${bytes(memory.process)}`,
      ),
  ];
}

function size(bytes: number): string {
  return format(bytes, { binary: true, maximumFractionDigits: 1 });
}
