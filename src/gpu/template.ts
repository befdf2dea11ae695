import { evaluate } from "./template_expression.ts";

/** Values a kernel template is expanded with: integers, or text (a type name, an operator). */
export type TemplateValues = Readonly<Record<string, number | string | boolean>>;

type Scope = Record<string, number | string | boolean>;

/**
 * Expands a `.wgsl` template.
 *
 * Lines that start with `//:` are directives (`//: for i in 0..N`, `//: if EXPR`, `//: else`, `//: end`);
 * `${EXPR}` inside a line is replaced by its value. Expressions know integers, names, arithmetic
 * (division rounds down), comparisons and `&& || !`. A file without directives is returned as it is.
 *
 * @throws Error naming the line for an unknown name or an unbalanced directive.
 */
export function expandTemplate(source: string, values: TemplateValues = {}): string {
  if (!source.includes("//:") && !source.includes("${")) return source;
  const lines = source.split("\n");
  const out: string[] = [];
  const next = expandBlock(lines, 0, lines.length, { ...values }, out);
  if (next !== lines.length) throw new Error(`template line ${next + 1}: unexpected directive`);
  return out.join("\n");
}

function expandBlock(
  lines: string[],
  start: number,
  end: number,
  scope: Scope,
  out: string[],
): number {
  let i = start;
  while (i < end) {
    const directive = /^\s*\/\/:\s*(.*)$/.exec(lines[i])?.[1].trim();
    if (directive === undefined) {
      out.push(substitute(lines[i], scope, i));
      i++;
      continue;
    }
    const { otherwise, close } = matchingEnd(lines, i);
    const loop = /^for\s+(\w+)\s+in\s+(.+)\.\.(.+)$/.exec(directive);
    if (loop) {
      const from = Number(at(i, () => evaluate(loop[2], scope)));
      const to = Number(at(i, () => evaluate(loop[3], scope)));
      for (let v = from; v < to; v++) {
        expandBlock(lines, i + 1, close, { ...scope, [loop[1]]: v }, out);
      }
    } else if (directive.startsWith("if ")) {
      const taken = at(i, () => evaluate(directive.slice(3), scope));
      if (taken) expandBlock(lines, i + 1, otherwise ?? close, scope, out);
      else if (otherwise !== undefined) expandBlock(lines, otherwise + 1, close, scope, out);
    } else {
      throw new Error(`template line ${i + 1}: unknown directive "${directive}"`);
    }
    i = close + 1;
  }
  return i;
}

function matchingEnd(lines: string[], open: number): { otherwise?: number; close: number } {
  let depth = 0;
  let otherwise: number | undefined;
  for (let i = open; i < lines.length; i++) {
    const word = /^\s*\/\/:\s*(\w+)/.exec(lines[i])?.[1];
    if (word === "for" || word === "if") depth++;
    else if (word === "else" && depth === 1) otherwise = i;
    else if (word === "end" && --depth === 0) return { otherwise, close: i };
  }
  throw new Error(`template line ${open + 1}: directive without "end"`);
}

function substitute(line: string, scope: Scope, index: number): string {
  return line.replace(
    /\$\{([^}]*)\}/g,
    (_, expression) => String(at(index, () => evaluate(expression, scope))),
  );
}

function at<T>(index: number, fn: () => T): T {
  try {
    return fn();
  } catch (error) {
    throw new Error(`template line ${index + 1}: ${(error as Error).message}`);
  }
}
