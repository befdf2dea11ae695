import { readSafetensors } from "../../src/formats/safetensors/read_safetensors.ts";
import { uniforms } from "../helpers.ts";

const FIXTURES = new URL("../fixtures/ops/", import.meta.url);
const REFERENCE = new URL("../../../shared/reference/", import.meta.url);

/** One case of the reference figures; the keys depend on the loss. */
export interface LossCase {
  n: number;
  classes: number;
  temperature: number;
  sinkhorn_lambda: number;
  sinkhorn_iter: number;
  sharpen: number;
  cost: string;
  gamma: number | null;
  student: string;
  teacher: string;
  labels: string;
  value: number;
  shape: number[];
  grid: number;
  eps: number;
  mean_loss: number;
  cov_loss: number;
}

/** A gradient of the figures: every `every`-th element of it. */
export interface Gradient {
  every: number;
  data: Float32Array;
}

const { cases } = JSON.parse(Deno.readTextFileSync(new URL("losses.json", FIXTURES)));
const small = readTensors(new URL("losses.safetensors", FIXTURES))!;
const large = readTensors(new URL("golden/losses.safetensors", REFERENCE));

/** Names of the cases that start with `prefix`; those of 1000 classes only beside the reference folder. */
export function caseNames(prefix: string): string[] {
  return Object.keys(cases).filter((name) =>
    name.startsWith(prefix) && (cases[name].classes !== 1000 || large !== null)
  );
}

/** A case by name. */
export function lossCase(name: string): LossCase {
  return cases[name];
}

/** The expected gradient of a case. */
export function expectedGradient(name: string): Gradient {
  const whole = large?.get(`${name}/grad`) ?? small.get(`${name}/grad`);
  if (whole) return { every: 1, data: whole };
  return { every: 61, data: small.get(`${name}/grad_every_61`)! };
}

/** Every `every`-th element. */
export function everyNth(data: ArrayLike<number>, every: number): Float32Array {
  return Float32Array.from({ length: Math.ceil(data.length / every) }, (_, i) => data[i * every]);
}

/**
 * The cost matrix of a case: procedural ones are the mean of `u("cost/<classes>")` and its transpose with a zero
 * diagonal, published ones are read from the fixtures or the reference folder.
 */
export function costMatrix({ cost, classes }: Pick<LossCase, "cost" | "classes">): Float32Array {
  if (cost !== "procedural") return small.get(cost) ?? readStorage(cost);
  const u = uniforms(`cost/${classes}`, classes * classes);
  return Float32Array.from(u, (value, at) => {
    const [i, j] = [Math.floor(at / classes), at % classes];
    return i === j ? 0 : (value + u[j * classes + i]) / 2;
  });
}

/** The only tensor of a torch checkpoint: the stored (not compressed) zip entry that ends in "/data/0". */
function readStorage(path: string): Float32Array {
  const bytes = Deno.readFileSync(new URL(`wkd_cost_matrix/${path}`, REFERENCE));
  const view = new DataView(bytes.buffer);
  let end = bytes.length - 22;
  while (view.getUint32(end, true) !== 0x06054b50) end--;
  let at = view.getUint32(end + 16, true);
  for (let entries = view.getUint16(end + 10, true); entries > 0; entries--) {
    const nameLength = view.getUint16(at + 28, true);
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
    if (name.endsWith("/data/0")) {
      const local = view.getUint32(at + 42, true);
      const start = local + 30 + view.getUint16(local + 26, true) +
        view.getUint16(local + 28, true);
      return new Float32Array(bytes.slice(start, start + view.getUint32(at + 24, true)).buffer);
    }
    at += 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  throw new Error(`${path}: no storage found`);
}

function readTensors(url: URL): Map<string, Float32Array> | null {
  let bytes: Uint8Array;
  try {
    bytes = Deno.readFileSync(url);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
  const { tensors } = readSafetensors(bytes);
  return new Map([...tensors].map(([name, { data }]) => [name, data as Float32Array]));
}
