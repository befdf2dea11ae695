import type { Shape } from "../../src/tensor/shape.ts";
import { tensor } from "../../src/tensor/create.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { values } from "../helpers.ts";

/** What torch made of AdamW; of every tensor each 61st element. */
export interface AdamWCase {
  weights: number[][];
  /** The same in float64. */
  exact: number[][];
  /** By `name.index`, where there is one. */
  state: Record<string, number[]>;
  groups: Record<string, unknown>[];
}

/** `optim.json`; its script says what is in it. */
export const REFERENCE: {
  adamw: Record<string, AdamWCase>;
  clip: { maxNorm: number; norm: number; gradients: (number[] | null)[] }[];
  schedules: Record<string, number[]>;
} = JSON.parse(Deno.readTextFileSync(new URL("../fixtures/training/optim.json", import.meta.url)));

/** Shapes of the parameters. */
export const SHAPES: readonly Shape[] = [[3], [1025], [1], [5, 7, 9], [2048]];

/** Steps of AdamW. */
export const STEPS = 20;

/** The parameters at the start. */
export function parameters(): Tensor[] {
  return SHAPES.map((shape, i) => tensor(values(`w${i}`, shape), shape, { requiresGrad: true }));
}

/** Sets the gradients of a step; the third parameter has none before the third step, the fourth never. */
export function setGradients(owned: readonly Tensor[], step: number, factor = 1): void {
  owned.forEach((w, i) => {
    if (i === 3 || (i === 2 && step < 2)) return;
    w.grad = tensor(values(`g${step}.${i}`, SHAPES[i], factor), SHAPES[i]).keep();
  });
}

/** What the figures keep of a tensor. */
export async function every(tensor: Tensor): Promise<number[]> {
  return [...await tensor.data()].filter((_, i) => i % 61 === 0);
}
