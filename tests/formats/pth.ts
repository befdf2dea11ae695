import { fromFileUrl } from "@std/path";
import type { SafetensorsTensor } from "../../src/formats/safetensors/safetensors.ts";

const FIXTURES = new URL("../fixtures/pth/", import.meta.url);

/** Where the reference's checkpoints lie, or null in a clone without them. */
export const REFERENCE = ((): URL | null => {
  const folder = new URL("../../../shared/reference/", import.meta.url);
  try {
    Deno.statSync(folder);
    return folder;
  } catch {
    return null;
  }
})();

/** The bytes of a checkpoint of tests/fixtures/pth. */
export function fixture(name: string): Uint8Array<ArrayBuffer> {
  return Deno.readFileSync(new URL(name, FIXTURES));
}

/** Where a checkpoint of tests/fixtures/pth lies. */
export function fixturePath(name: string): string {
  return fromFileUrl(new URL(name, FIXTURES));
}

/** Numbers in [0, 1) that follow from a name, as the reference makes them. */
function uniform(name: string, count: number): Float64Array {
  let seed = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) seed = Math.imul(seed ^ byte, 0x01000193);
  return Float64Array.from({ length: count }, (_, i) => {
    let x = (seed + Math.imul(i, 0x9e3779b9)) >>> 0;
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    return ((x ^ (x >>> 16)) >>> 0) / 2 ** 32;
  });
}

/** The value of a parameter or buffer by its name and shape, as the reference fills models. */
export function fill(name: string, shape: readonly number[]): number[] {
  const u = uniform(name, shape.reduce((product, size) => product * size, 1));
  const last = name.split(".").at(-1)!;
  const fan = shape.slice(1).reduce((product, size) => product * size, 1);
  const value = (x: number) => {
    if (last === "num_batches_tracked") return 0;
    if (last === "running_var") return 0.8 + 0.4 * x;
    if (last === "running_mean") return 0.2 * (x - 0.5);
    if (shape.length >= 2) return (2 * x - 1) * Math.sqrt(3 / fan);
    return last === "weight" ? 0.8 + 0.4 * x : 0.2 * (x - 0.5);
  };
  return Array.from(u, (x) => Math.fround(value(x)));
}

/** Tensors whose numbers are not `fill(prefix + name)`. */
export function notFilled(
  tensors: ReadonlyMap<string, SafetensorsTensor>,
  prefix: string,
): string[] {
  return [...tensors].filter(([name, { data, shape }]) => {
    const expected = fill(prefix + name, shape);
    return expected.length !== data.length || expected.some((x, i) => x !== Number(data[i]));
  }).map(([name]) => name);
}

/** Shapes of the tiny model of tests/fixtures/make_pth.py. */
export const TINY_SHAPES: Readonly<Record<string, readonly number[]>> = {
  "conv1.weight": [4, 3, 3, 3],
  "bn1.weight": [4],
  "bn1.bias": [4],
  "bn1.running_mean": [4],
  "bn1.running_var": [4],
  "bn1.num_batches_tracked": [],
  "fc.weight": [5, 4],
  "fc.bias": [5],
};

/** Names and shapes of tensors. */
export function shapesOf(
  tensors: ReadonlyMap<string, SafetensorsTensor>,
): Record<string, readonly number[]> {
  return Object.fromEntries([...tensors].map(([name, { shape }]) => [name, [...shape]]));
}
