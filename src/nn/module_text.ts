import { formatShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** What is printed of a module. */
interface Printed {
  /** Options as PyTorch prints them. */
  extraRepr(): string;
  /** Modules by name. */
  namedChildren(): Iterable<[string, Printed]>;
  /** Own parameters and buffers by name. */
  namedTensors(): Iterable<[string, Tensor]>;
  /** All parameters. */
  parameters(): Tensor[];
}

/** The tree of a module as PyTorch prints it, each with the shapes of its own tensors, and how many parameters there are. */
export function moduleText(module: Printed): string {
  const parameters = module.parameters();
  const count = (all: typeof parameters) => all.reduce((sum, { numel }) => sum + numel, 0);
  const frozen = count(parameters.filter(({ requiresGrad }) => !requiresGrad));
  const total = `${thousands(count(parameters))} parameters`;
  return `${tree(module)}\n${total}${frozen > 0 ? `, ${thousands(frozen)} of them frozen` : ""}`;
}

function tree(module: Printed): string {
  const name = module.constructor.name;
  const extra = module.extraRepr();
  const children = [...module.namedChildren()].map(([key, child]) =>
    indented(`(${key}): ${tree(child)}`)
  );
  const shapes = shapesOf(module);
  if (children.length === 0) return `${name}(${extra})${shapes && `  # ${shapes}`}`;
  const lines = [extra && indented(extra), shapes && indented(`# ${shapes}`), ...children];
  return `${name}(\n${lines.filter((line) => line).join("\n")}\n)`;
}

function shapesOf(module: Printed): string {
  return [...module.namedTensors()].map(([name, { shape }]) => `${name} ${formatShape(shape)}`)
    .join(", ");
}

function indented(text: string): string {
  return text.split("\n").map((line) => `  ${line}`).join("\n");
}

function thousands(count: number): string {
  return count.toLocaleString("en");
}

/** A number, or one for each direction, as Python prints it. */
export function pythonPair(value: number | readonly [number, number]): string {
  return typeof value === "number" ? `(${value}, ${value})` : `(${value.join(", ")})`;
}

/** A number, or a pair in brackets. */
export function pythonSize(value: number | readonly [number, number]): string {
  return typeof value === "number" ? String(value) : pythonPair(value);
}

/** A number as Python prints a float. */
export function pythonFloat(value: number): string {
  if (value !== 0 && Math.abs(value) < 1e-4) {
    const [digits, exponent] = value.toExponential().split("e-");
    return `${digits}e-${exponent.padStart(2, "0")}`;
  }
  return Number.isInteger(value) ? `${value}.0` : String(value);
}

/** `True` or `False`. */
export function pythonBool(value: boolean): string {
  return value ? "True" : "False";
}
