import { assert, assertEquals } from "@std/assert";
import { readSafetensors } from "../../src/formats/safetensors/read_safetensors.ts";
import type { StateEntry } from "../../src/nn/module.ts";
import { numel, type Shape } from "../../src/tensor/shape.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { fnv1a } from "../helpers.ts";

const FIXTURES = new URL("../fixtures/models/", import.meta.url);

/** Shape, sum and l2 norm of a tensor in the reference figures. */
export interface Summary {
  shape: number[];
  sum: number;
  l2: number;
}

/** One model of the reference figures; all its values follow from names (see {@linkcode modelState}). */
export interface ModelCase {
  input: string;
  shape: number[];
  labels: string;
  classes: number;
  params: number;
  eval: { feats: Summary[]; preact_feats: Summary[]; pooled_feat: Summary };
  train: {
    loss: number;
    feats: Summary[];
    grads: Record<string, { shape: number[]; l2: number }>;
    buffers: Record<string, Summary>;
  };
}

/** Reference figures in a fixture `<name>.json`, and its logits `<name>.safetensors`. */
export class ModelFigures {
  readonly cases: Readonly<Record<string, ModelCase>>;
  readonly #arrays: ReadonlyMap<string, { data: ArrayLike<number | bigint> }>;

  constructor(fixture: string) {
    this.cases = JSON.parse(Deno.readTextFileSync(new URL(`${fixture}.json`, FIXTURES)));
    const bytes = Deno.readFileSync(new URL(`${fixture}.safetensors`, FIXTURES));
    this.#arrays = readSafetensors(bytes).tensors;
  }

  /** Expected logits [N, classes], row-major. */
  logits(name: string, mode: "eval" | "train"): Float32Array {
    return this.#arrays.get(`${name}/${mode}_logits`)!.data as Float32Array;
  }
}

/** The procedural value of every entry of a state dict, by `<model>.<entry>`. */
export function modelState(
  model: string,
  state: ReadonlyMap<string, Tensor>,
): Map<string, StateEntry> {
  return new Map([...state].map(([key, { shape }]) => {
    return [key, { shape, data: fill(`${model}.${key}`, shape) }];
  }));
}

/** Values that the reference figures give a parameter or buffer of this name. */
function fill(name: string, shape: Shape): Float32Array {
  const last = name.slice(name.lastIndexOf(".") + 1);
  const count = numel(shape);
  if (last === "num_batches_tracked") return new Float32Array(count);
  if (last === "running_mean") return scaledUniforms(name, count, 0.2, 1, -0.5);
  if (shape.length >= 2) {
    return scaledUniforms(name, count, Math.sqrt(3 / numel(shape.slice(1))), 2, -1);
  }
  return last === "weight" || last === "running_var"
    ? scaledUniforms(name, count, 1, 0.4, 0.8)
    : scaledUniforms(name, count, 0.2, 1, -0.5);
}

/** `factor * (scale * u(name) + shift)`, in one loop: a large model has tens of millions of weights. */
function scaledUniforms(
  name: string,
  count: number,
  factor: number,
  scale: number,
  shift: number,
): Float32Array {
  const seed = fnv1a(name);
  const result = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    let x = (seed + Math.imul(i, 0x9e3779b9)) | 0;
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    const u = ((x ^ (x >>> 16)) >>> 0) / 2 ** 32;
    result[i] = factor * (scale * u + shift);
  }
  return result;
}

/** l2 norm, in float64. */
export function norm(data: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < data.length; i++) total += data[i] ** 2;
  return Math.sqrt(total);
}

/**
 * Fails unless shape, sum and l2 norm fit. Sums cancel, so they are measured by what the l2 norm lets
 * them reach.
 */
export async function assertSummary(
  actual: Tensor,
  expected: Summary,
  tolerance: number,
  what: string,
): Promise<void> {
  assertEquals([...actual.shape], expected.shape, what);
  const data = await actual.data();
  let sum = 0;
  for (const value of data) sum += value;
  const reach = expected.l2 * Math.sqrt(data.length);
  const sumError = Math.abs(sum - expected.sum) / Math.max(reach, 1e-12);
  const normError = Math.abs(norm(data) - expected.l2) / Math.max(expected.l2, 1e-12);
  assert(sumError <= tolerance, `${what}: sum ${sum}, not ${expected.sum} (error ${sumError})`);
  assert(normError <= tolerance, `${what}: l2 norm off by ${normError}`);
}
