import { Canvas } from "../../../src/data/augment/canvas.ts";
import { bytes } from "../image_fixture.ts";

interface Fixture {
  images: Record<string, { shape: [number, number, number]; data: string }>;
  operations: [image: string, name: string, value: number, result: string][];
  signed: Record<string, boolean>;
  space: Record<string, Record<string, number[]>>;
  randAugment: {
    magnitude: number;
    numOps: number;
    draws: number[];
    image: string;
    result: string;
  }[];
  colorJitter: {
    factors: number[];
    results: Record<string, string>;
    ranges: [number, number][];
    wide: [number, number];
  };
  randomErasing: {
    height: number;
    width: number;
    uniforms: number[];
    integers: number[];
    box: [number, number, number, number] | null;
  }[];
  erased: { part: number; means: number[]; deviations: number[]; noise: [number, number] };
}

async function read(): Promise<Fixture> {
  const file = await Deno.open(new URL("../../fixtures/data/image_ops.json.gz", import.meta.url));
  return await new Response(file.readable.pipeThrough(new DecompressionStream("gzip"))).json();
}

/** Figures of torchvision and Pillow, made by tests/fixtures/data/make_image_ops.py. */
export const FIXTURE: Fixture = await read();

/** The fixture's image of a name. */
export function canvasOf(name: string): Canvas {
  const { shape, data } = FIXTURE.images[name];
  const canvas = new Canvas(...shape);
  canvas.data.set(bytes(data));
  return canvas;
}

/** Gives numbers that were drawn elsewhere. */
export class Drawn {
  #uniforms: number[];
  #integers: number[];
  /** How they were asked for. */
  readonly asked: [number, number][] = [];

  constructor(integers: readonly number[], uniforms: readonly number[] = []) {
    this.#integers = [...integers];
    this.#uniforms = [...uniforms];
  }

  below(_n: number): number {
    return this.#integers.shift()!;
  }

  uniform(from: number, to: number): number {
    this.asked.push([from, to]);
    return this.#uniforms.shift()!;
  }

  /** How many numbers are left. */
  get left(): number {
    return this.#integers.length + this.#uniforms.length;
  }
}
