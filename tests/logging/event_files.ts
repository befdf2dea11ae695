import { join } from "@std/path";
import { type ReadEvent, readEvents } from "../formats/tensorboard/decode.ts";

/** The events of a folder's files, in the order of the files' names. */
export function folderEvents(folder: string): ReadEvent[] {
  return [...Deno.readDirSync(folder)].filter(({ isFile }) => isFile)
    .map(({ name }) => name).sort()
    .flatMap((name) => readEvents(Deno.readFileSync(join(folder, name))));
}

/** The numbers under a tag as TensorBoard shows them: those from a start on take the place of earlier ones. */
export function shown(events: readonly ReadEvent[], tag: string): [number, unknown][] {
  let kept: ReadEvent[] = [];
  for (const event of events) {
    if (event.what === "start") kept = kept.filter(({ step }) => step < event.step);
    else if (event.what === tag) kept.push(event);
  }
  return kept.map(({ step, value }) => [step, value]);
}
