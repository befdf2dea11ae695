import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { main } from "../../src/cli/main.ts";
import { openDevice } from "../../src/cli/device/open_device.ts";
import { manualSeed } from "../../src/nn/init.ts";
import { createModel } from "../../src/models/registry.ts";
import { saveCheckpoint } from "../../src/run/checkpoints/checkpoint.ts";
import { readBack } from "../../src/tensor/read_back.ts";

/** What a command wrote and how it ended. */
export interface CliResult {
  status: number;
  stdout: string;
  stderr: string;
}

/** Runs the command line in this process, which saves compiling kernels again. */
export async function cli(...args: string[]): Promise<CliResult> {
  const { log, error } = console;
  const write = Deno.stdout.writeSync;
  let stdout = "";
  let stderr = "";
  console.log = (text: string) => stdout += text + "\n";
  console.error = (text: string) => stderr += text + "\n";
  Deno.stdout.writeSync = (bytes) => {
    stdout += new TextDecoder().decode(bytes);
    return bytes.length;
  };
  try {
    return { status: await main(args), stdout, stderr };
  } finally {
    console.log = log;
    console.error = error;
    Deno.stdout.writeSync = write;
  }
}

/** Runs what is to fail: one sentence on standard error, without a stack, and status 1. */
export async function assertFails(args: string[], ...parts: string[]): Promise<void> {
  const { status, stderr } = await cli(...args);
  assertEquals(status, 1, `status of ${args.join(" ")}`);
  for (const part of parts) assertStringIncludes(stderr, part);
  assert(stderr.startsWith("error: "), stderr);
  assert(!/^\s+at /m.test(stderr), stderr);
}

/** Runs the command line in a process of its own. */
export function spawnCli(args: string[], env: Record<string, string> = {}): Deno.ChildProcess {
  const mod = fromFileUrl(new URL("../../mod.ts", import.meta.url));
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "-A", mod, ...args],
    env,
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/**
 * Runs the command line in a process of its own in which something happens once it has renamed a file to `name` for the
 * `count`th time: it is killed, or `folder` is removed.
 */
export async function hurtCli(
  what: "kill" | "remove",
  folder: string,
  name: string,
  count: number,
  words: readonly string[],
): Promise<{ code: number; stdout: string; stderr: string }> {
  const script = fromFileUrl(new URL("programs/hurt_cli.ts", import.meta.url));
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "-A", script, what, folder, name, String(count), ...words],
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** The configuration of a student without a teacher, of Fashion-MNIST. */
export const VANILLA = "configs/fashion_mnist/vanilla/resnet8.yaml";

/** Settings that make a run last moments: 20 images to train on, 20 to be measured on. */
export const TINY: readonly string[] = [
  ...["DATASET.SUBSET", "2", "DATASET.VALIDATION", "2", "DATASET.TEST.BATCH_SIZE", "20"],
  ...["SOLVER.BATCH_SIZE", "8", "SOLVER.EPOCHS", "1"],
];

/** The words that train a run `a` of moments in `folder`; settings may follow. */
export function trainWords(folder: string): string[] {
  return ["train", "--cfg", VANILLA, "LOG.PREFIX", folder, ...TINY, "EXPERIMENT.NAME", "a"];
}

/** Writes an untrained resnet8 for `classes` classes of Fashion-MNIST as a teacher; returns its path. */
export async function writeTeacher(folder: string, classes = 10): Promise<string> {
  await openDevice();
  manualSeed(1);
  const model = createModel("resnet8", { numClasses: classes, inChannels: 1 });
  const path = join(folder, `teacher${classes}.safetensors`);
  const config = "DATASET:\n  TYPE: fashion_mnist\n  SUBSET: 2\n";
  saveCheckpoint(path, await readBack(model.stateDict()), { model: "resnet8", config });
  model.dispose();
  return path;
}

/** Four training images and one test image of each class in CIFAR-10's binary layout: noise about a grey of the class. */
export function writeCifar(root: string): void {
  const folder = join(root, "cifar-10-batches-bin");
  Deno.mkdirSync(folder);
  const names = Array.from({ length: 10 }, (_, i) => `class ${i}\n`).join("");
  Deno.writeTextFileSync(join(folder, "batches.meta.txt"), names);
  const image = (label: number, at: number) => [
    label,
    ...Array.from({ length: 3072 }, (_, k) => (20 * label + (k * (7 * at + 13)) % 61) % 256),
  ];
  const write = (name: string, labels: readonly number[], seed: number) => {
    const bytes = labels.flatMap((label, i) => image(label, seed + i));
    Deno.writeFileSync(join(folder, name), Uint8Array.from(bytes));
  };
  for (let n = 0; n < 5; n++) {
    write(`data_batch_${n + 1}.bin`, Array.from({ length: 8 }, (_, i) => (8 * n + i) % 10), 8 * n);
  }
  write("test_batch.bin", Array.from({ length: 10 }, (_, i) => i), 40);
}
