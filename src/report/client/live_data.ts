import type { CurveData } from "./page_data.ts";

/** A figure of the page: what is written in the tile that has its `id`. */
export interface LiveTile {
  /** The tile. */
  readonly id: string;
  /** Its number, or its word. */
  readonly value: string;
  /** What stands below. */
  readonly beside: string;
}

/** What the page shows above its curves; told a few times a second. */
export interface LiveView {
  /** The window's title. */
  readonly title: string;
  /** Who is trained, and by whom. */
  readonly heading: string;
  /** How much of the run is done, from 0 to 1. */
  readonly part: number;
  /** The figures. */
  readonly tiles: readonly LiveTile[];
  /** Whether the run can be stopped. */
  readonly stops: boolean;
  /** Whether it stops already. */
  readonly stopping: boolean;
  /** The command that goes on with the run; empty where there is none. */
  readonly command: string;
}

/** Lines of the log. */
export interface LiveLines {
  /** Which line of the whole log the first one is, counted from 0. */
  readonly first: number;
  /** The lines. */
  readonly lines: readonly string[];
}

/** What the page is told, each under its name; and `end`, after which nothing more comes. */
export interface LiveMessages {
  /** Where the run is. */
  readonly view: LiveView;
  /** All of its curves. */
  readonly curves: CurveData;
  /** Lines that came since the last ones. */
  readonly lines: LiveLines;
}
