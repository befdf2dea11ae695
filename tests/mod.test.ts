import { assert, assertEquals, assertThrows } from "@std/assert";
import { fromFileUrl, join, toFileUrl } from "@std/path";
import * as wkd from "../mod.ts";
import { device } from "./helpers.ts";

await device();

const root = fromFileUrl(new URL("..", import.meta.url));

/** The state dict of a model as the bytes of a safetensors file. */
async function fileOf(model: wkd.Module): Promise<Uint8Array> {
  const tensors = new Map<string, wkd.SafetensorsTensor>();
  for (const [name, { dtype, shape, data }] of await hostState(model)) {
    tensors.set(name, { dtype: dtype === "float32" ? "F32" : "I32", shape, data });
  }
  return wkd.writeSafetensors(tensors);
}

async function hostState(model: wkd.Module) {
  const entries = [...model.stateDict()].map(async ([name, tensor]) => {
    const { dtype, shape } = tensor;
    return [name, { dtype, shape, data: await tensor.data() }] as const;
  });
  return new Map(await Promise.all(entries));
}

/** The programs of the README, with the path of the module as a URL. */
function readmePrograms(): string[] {
  const readme = Deno.readTextFileSync(join(root, "README.md"));
  const url = toFileUrl(join(root, "mod.ts")).href;
  return [...readme.matchAll(/```ts\n(import \* as wkd from .*?)```/gs)]
    .map(([, program]) => program.replace("./mod.ts", url));
}

/** The README's first program with another teacher file. */
function readmeProgram(teacherFile: string): string {
  const [program] = readmePrograms();
  const path = "checkpoints/fashion_mnist/resnet20.safetensors";
  assert(program.includes(path), "the README's program loads the committed teacher");
  return program.replace(JSON.stringify(path), JSON.stringify(teacherFile));
}

Deno.test("the README's program runs and its loss falls", async () => {
  const folder = Deno.makeTempDirSync({ prefix: "wkd_readme_" });
  const lines: string[] = [];
  const { log } = console;
  try {
    wkd.manualSeed(3);
    const teacher = wkd.createModel("resnet20", { numClasses: 10, inChannels: 1 });
    const file = join(folder, "teacher.safetensors");
    Deno.writeFileSync(file, await fileOf(teacher));
    teacher.dispose();
    const program = join(folder, "program.ts");
    Deno.writeTextFileSync(program, readmeProgram(file));
    console.log = (line: string) => lines.push(line);
    await import(toFileUrl(program).href);
  } finally {
    console.log = log;
    Deno.removeSync(folder, { recursive: true });
  }
  const losses = lines.map((line) => Number(/^step \d: loss ([\d.]+)$/.exec(line)?.[1]));
  assertEquals(losses.length, 5);
  assert(losses[4] < losses[0], lines.join("\n"));
});

Deno.test("the README's second program trains on arrays with Trainer in 25 lines", async () => {
  const [, program] = readmePrograms();
  assert(program.trimEnd().split("\n").length <= 25);
  const folder = Deno.makeTempDirSync({ prefix: "wkd_arrays_" });
  const lines: string[] = [];
  const { log } = console;
  try {
    const file = join(folder, "program.ts");
    Deno.writeTextFileSync(file, program);
    console.log = (line: string) => lines.push(line);
    await import(toFileUrl(file).href);
  } finally {
    console.log = log;
    Deno.removeSync(folder, { recursive: true });
  }
  const top1 = lines.map((line) => Number(/^epoch \d: top-1 ([\d.]+) %$/.exec(line)?.[1]));
  assertEquals(top1.length, 3, lines.join("\n"));
  assert(top1[2] > 90, lines.join("\n"));
});

Deno.test("mod.ts trains a network of its layers", async () => {
  wkd.manualSeed(1);
  const net = new wkd.Sequential(
    new wkd.Linear(6, 16),
    new wkd.ReLU(),
    new wkd.Linear(16, 3),
  );
  const optimizer = new wkd.SGD(net.parameters(), { lr: 0.2, momentum: 0.9, nesterov: true });
  const x = wkd.randn([24, 6], new wkd.Generator(2));
  const labels = wkd.tensor(Int32Array.from({ length: 24 }, (_, i) => i % 3));
  const losses: Promise<number>[] = [];
  for (let step = 0; step < 20; step++) {
    optimizer.zeroGrad();
    const loss = wkd.crossEntropy(net.forward(x), labels);
    loss.backward();
    losses.push(loss.item());
    optimizer.step();
  }
  const [first, last] = [await losses[0], await losses[19]];
  assert(last < 0.7 * first, `${first} to ${last}`);
});

Deno.test("mod.ts loads what it saved, bit for bit", async () => {
  wkd.manualSeed(5);
  const options = { numClasses: 4, inChannels: 2 };
  const [a, b] = [wkd.createModel("resnet8", options), wkd.createModel("resnet8", options)];
  const { tensors } = wkd.readSafetensors(await fileOf(a));
  const report = b.loadStateDict(wkd.stateEntries(tensors));
  assertEquals(report.missing, []);
  assertEquals(report.unexpected, []);
  assertEquals(await hostState(b), await hostState(a));
});

Deno.test("stateEntries() converts to the device's types and refuses large integers", () => {
  const tensors = new Map<string, wkd.SafetensorsTensor>([
    ["half", { dtype: "BF16", shape: [2], data: Uint16Array.of(0x3f80, 0xc000) }],
    ["count", { dtype: "I64", shape: [], data: BigInt64Array.of(7n) }],
  ]);
  assertEquals([...wkd.stateEntries(tensors)], [
    ["half", { shape: [2], data: Float32Array.of(1, -2) }],
    ["count", { shape: [], data: Int32Array.of(7) }],
  ]);
  tensors.set("count", { dtype: "I64", shape: [], data: BigInt64Array.of(2n ** 31n) });
  assertThrows(
    () => wkd.stateEntries(tensors),
    wkd.SafetensorsError,
    "tensor count holds 2147483648, which does not fit into int32",
  );
});

/** What members of exported classes speak of and no program needs by name. */
const HIDDEN = [
  ...["BufferPool", "BufferRange", "CompileProgress", "DeviceFailure", "DispatchOptions", "Kernel"],
  ...["MemoryAccount", "Node", "PipelineCache", "Recording", "Storage"],
  ...["RecordingScope", "Tuning"],
  ...["Config", "ConvVariant", "FlatGroup", "ImageFiles", "StateLayout", "Subgroups", "TrainStep"],
  // The events of a run: TrainEvent is all of them.
  ...["Checkpoint", "Compile", "Evaluate", "Interrupted", "Note", "Point", "RunEnd", "RunStart"],
  ...["ScalingMetrics", "Step", "Warning"],
];

Deno.test("mod.ts documents everything it exports, and exports the types that go with it", async () => {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["doc", "--lint", "mod.ts"],
    cwd: root,
    env: { NO_COLOR: "1" },
  });
  const { stderr } = await command.output();
  const errors = new TextDecoder().decode(stderr).split("\n").filter((line) =>
    /^error\[/.test(line) && !HIDDEN.some((name) => line.endsWith(`private type '${name}'`))
  );
  assertEquals(errors, []);
});

Deno.test("mod.ts exports chosen names and no internals of the engine", () => {
  const names = Object.keys(wkd);
  assert(names.length > 140 && names.length < 220, `${names.length} names`);
  const internal = HIDDEN.filter((name) => names.includes(name));
  assertEquals(internal, []);
});

Deno.test("a program in another folder that imports mod.ts checks and runs", async () => {
  const folder = Deno.makeTempDirSync({ prefix: "wkd_outside_" });
  try {
    const program = join(folder, "program.ts");
    const text = `import * as wkd from ${JSON.stringify(toFileUrl(join(root, "mod.ts")).href)};
const shapes = wkd.shapesOnly(() => {
  const model: wkd.Model = wkd.createModel("resnet8", { numClasses: 10 });
  return wkd.featureShapes(model, [1, 3, 32, 32]).pooledFeat;
});
const options: wkd.TrainerOptions | null = null;
console.log(shapes.join(" "), options, wkd.Trainer.name);
`;
    Deno.writeTextFileSync(program, text);
    for (const args of [["check", program], ["run", program]]) {
      const env = { NO_COLOR: "1" };
      const command = new Deno.Command(Deno.execPath(), { args, cwd: folder, env });
      const { success, stdout, stderr } = await command.output();
      assert(success, new TextDecoder().decode(stderr));
      if (args[0] === "run") {
        assertEquals(new TextDecoder().decode(stdout), "1 64 null Trainer\n");
      }
    }
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
