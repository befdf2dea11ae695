/** JSON that does not have the form it should have; the message says what is wrong. */
export class JsonError extends Error {}

/** How deep lists and objects may be nested in a member. */
const DEEPEST = 8;

/** Where the text that begins with the quote at `start` ends, behind its closing quote. */
function endOfText(json: string, start: number): number {
  let at = start + 1;
  while (at < json.length && json[at] !== '"') at += json[at] === "\\" ? 2 : 1;
  if (at >= json.length) throw new JsonError("a text in it has no end");
  return at + 1;
}

function skipSpace(json: string, start: number): number {
  let at = start;
  while (json[at] === " " || json[at] === "\n" || json[at] === "\t" || json[at] === "\r") at++;
  return at;
}

/** Where the value that begins at `start` ends. What is inside is looked at when it is parsed. */
function endOfValue(json: string, start: number): number {
  let depth = 0;
  let at = start;
  for (; at < json.length; at++) {
    const character = json[at];
    if (character === '"') at = endOfText(json, at) - 1;
    else if (character === "{" || character === "[") {
      if (++depth > DEEPEST) throw new JsonError(`it is nested more than ${DEEPEST} levels deep`);
    } else if (character === "}" || character === "]") {
      if (depth-- === 0) return at;
    } else if (character === "," && depth === 0) return at;
  }
  return at;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new JsonError("a name or value in it is no JSON");
  }
}

/**
 * The members of a JSON object one by one, as name and text of the value: `JSON.parse` keeps the last of two equal names,
 * and makes a thousand times the text's size of some texts.
 *
 * @throws {JsonError} where the text is no object, or nested deeper than eight levels
 */
export function* jsonMembers(json: string): Generator<[name: string, value: string]> {
  let at = skipSpace(json, 0);
  if (json[at] !== "{") throw new JsonError("it is not an object");
  at = skipSpace(json, at + 1);
  if (json[at] === "}") at++;
  else {
    for (let more = true; more;) {
      if (json[at] !== '"') throw new JsonError("a member of it has no name");
      const nameEnd = endOfText(json, at);
      const name = parsed(json.slice(at, nameEnd)) as string;
      at = skipSpace(json, nameEnd);
      if (json[at] !== ":") throw new JsonError("a member of it has no value");
      const begin = skipSpace(json, at + 1);
      at = endOfValue(json, begin);
      yield [name, json.slice(begin, at)];
      if (json[at] !== "," && json[at] !== "}") throw new JsonError("it has no end");
      more = json[at] === ",";
      at = more ? skipSpace(json, at + 1) : at + 1;
    }
  }
  if (skipSpace(json, at) !== json.length) throw new JsonError("something follows its end");
}

/** The value of a member. */
export function jsonValue(text: string): unknown {
  return parsed(text);
}
