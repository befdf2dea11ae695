import { evaluate } from "./template_expression.ts";

/** Values a kernel template is expanded with: integers, or text (a type name, an operator). */
export type TemplateValues = Readonly<Record<string, number | string | boolean>>;

/** Where a line of an expanded template was written. */
export interface TemplateOrigin {
  /** Name of the included file; null for the template itself. */
  readonly file: string | null;
  /** The line in it, from 1. */
  readonly line: number;
  /** The line as it was written. */
  readonly text: string;
}

/** An expanded template. */
interface Expansion {
  /** The lines, joined. */
  readonly text: string;
  /** Where each line comes from. */
  readonly origins: readonly TemplateOrigin[];
}

type Scope = Record<string, number | string | boolean>;

/** A file under expansion, and what can be included. */
interface Source {
  readonly file: string | null;
  readonly lines: readonly string[];
  readonly shared: Readonly<Record<string, string>>;
  /** The files that include this one, and itself. */
  readonly open: readonly string[];
}

interface Output {
  readonly lines: string[];
  readonly origins: TemplateOrigin[];
}

/**
 * Expands a `.wgsl` template.
 *
 * Lines that start with `//:` are directives (`//: for i in 0..N`, `//: if EXPR`, `//: else`, `//: end`,
 * `//: include "name"`); `${EXPR}` inside a line is replaced by its value. Expressions know integers, names, arithmetic
 * (division rounds down), shifts, comparisons and `&& || !`. An included file knows the names of the place where it is
 * included, and those given to it: `//: include "name" SIZE = 2 * N, CALL = "max(a, b)"`.
 *
 * @param shared the files that can be included, by name
 * @throws Error naming the file and line for an unknown name or an unbalanced directive.
 */
export function expandTemplate(
  source: string,
  values: TemplateValues = {},
  shared: Readonly<Record<string, string>> = {},
): Expansion {
  const out: Output = { lines: [], origins: [] };
  const file = { file: null, lines: source.split("\n"), shared, open: [] };
  expandBlock(file, 0, file.lines.length, { ...values }, out);
  return { text: out.lines.join("\n"), origins: out.origins };
}

function expandBlock(source: Source, start: number, end: number, scope: Scope, out: Output): void {
  const { lines } = source;
  let i = start;
  while (i < end) {
    const directive = /^\s*\/\/:\s*(.*)$/.exec(lines[i])?.[1].trim();
    if (directive === undefined) {
      out.lines.push(substitute(source, i, scope));
      out.origins.push({ file: source.file, line: i + 1, text: lines[i] });
      i++;
    } else if (directive.startsWith("include ")) {
      include(source, i, directive.slice(8), scope, out);
      i++;
    } else {
      i = expandDirective(source, i, directive, scope, out);
    }
  }
}

/** Expands from a `for` or `if` to its `end`; returns the line behind that. */
function expandDirective(
  source: Source,
  i: number,
  directive: string,
  scope: Scope,
  out: Output,
): number {
  const { otherwise, close } = matchingEnd(source, i);
  const loop = /^for\s+(\w+)\s+in\s+(.+)\.\.(.+)$/.exec(directive);
  if (loop) {
    const from = Number(at(source, i, () => evaluate(loop[2], scope)));
    const to = Number(at(source, i, () => evaluate(loop[3], scope)));
    for (let v = from; v < to; v++) {
      expandBlock(source, i + 1, close, { ...scope, [loop[1]]: v }, out);
    }
  } else if (directive.startsWith("if ")) {
    const taken = at(source, i, () => evaluate(directive.slice(3), scope));
    if (taken) expandBlock(source, i + 1, otherwise ?? close, scope, out);
    else if (otherwise !== undefined) expandBlock(source, otherwise + 1, close, scope, out);
  } else {
    throw new Error(`${place(source, i)}: unknown directive "${directive}"`);
  }
  return close + 1;
}

const ARGUMENT = /\s*(\w+)\s*=\s*(?:"([^"]*)"|([^",]+))\s*(?:,|$)/y;

/** Puts in the file that an `include` names; `rest` is `"name"` and the values given to it. */
function include(source: Source, i: number, rest: string, scope: Scope, out: Output): void {
  const [all, file] = /^\s*"([^"]+)"/.exec(rest) ?? [];
  if (file === undefined) throw new Error(`${place(source, i)}: include "name" wanted`);
  const text = Object.hasOwn(source.shared, file) ? source.shared[file] : undefined;
  if (text === undefined) throw new Error(`${place(source, i)}: there is no file "${file}"`);
  if (source.open.includes(file)) throw new Error(`${place(source, i)}: "${file}" includes itself`);
  const inner: Scope = { ...scope };
  const given = rest.slice(all!.length).trim();
  for (ARGUMENT.lastIndex = 0; ARGUMENT.lastIndex < given.length;) {
    const argument = ARGUMENT.exec(given);
    if (!argument) throw new Error(`${place(source, i)}: cannot read "${given}"`);
    const [, name, quoted, expression] = argument;
    const { lastIndex } = ARGUMENT;
    inner[name] = quoted ?? at(source, i, () => evaluate(expression, scope));
    ARGUMENT.lastIndex = lastIndex;
  }
  const lines = text.replace(/\n$/, "").split("\n");
  const included = { file, lines, shared: source.shared, open: [...source.open, file] };
  expandBlock(included, 0, lines.length, inner, out);
}

function matchingEnd(source: Source, open: number): { otherwise?: number; close: number } {
  const { lines } = source;
  let depth = 0;
  let otherwise: number | undefined;
  for (let i = open; i < lines.length; i++) {
    const word = /^\s*\/\/:\s*(\w+)/.exec(lines[i])?.[1];
    if (word === "for" || word === "if") depth++;
    else if (word === "else" && depth === 1) otherwise = i;
    else if (word === "end" && --depth === 0) return { otherwise, close: i };
  }
  throw new Error(`${place(source, open)}: directive without "end"`);
}

function substitute(source: Source, i: number, scope: Scope): string {
  return source.lines[i].replace(
    /\$\{([^}]*)\}/g,
    (_, expression) => String(at(source, i, () => evaluate(expression, scope))),
  );
}

function place({ file }: Source, index: number): string {
  return file === null ? `template line ${index + 1}` : `include "${file}" line ${index + 1}`;
}

function at<T>(source: Source, index: number, fn: () => T): T {
  try {
    return fn();
  } catch (error) {
    throw new Error(`${place(source, index)}: ${(error as Error).message}`);
  }
}
