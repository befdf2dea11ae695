import { shown } from "../formats/visible.ts";

const LONGEST = 60;

/** A parsed value as JSON shows it, cut after 60 characters; whatever it holds, no more than that is written out. */
export function brief(value: unknown): string {
  return shown(write(value, LONGEST), LONGEST);
}

function write(value: unknown, room: number): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, LONGEST + 1));
  if (typeof value !== "object" || value === null) return String(value);
  const list = Array.isArray(value);
  const keys = Object.keys(value);
  let text = "";
  for (const key of keys.slice(0, LONGEST)) {
    if (text.length > room) break;
    const item = room > 0 ? write(value[key as keyof typeof value], room - text.length - 2) : "";
    text += `${text && ","}${list ? "" : `${write(key, 0)}:`}${item}`;
  }
  return list ? `[${text}]` : `{${text}}`;
}
