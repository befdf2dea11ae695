/**
 * What a card makes of the kernels and of training steps, beside PyTorch on the same card, in at most eight minutes: a table on
 * standard output, and all of it as JSON under results/.
 *
 * deno task bench:gpu [--device hardware] [--small] [--parts device,checks] [--seconds 480] [--no-tune]
 *   [--python python3] [--torch-cpu] [--out results/gpu_NAME.json] [--commit HASH]
 *
 * Each part is a process of its own with a share of the time: one that fails, crashes or takes too long is reported, and the
 * others go on. Needs no npm package and no network.
 */
import { fileURLToPath } from "node:url";
import manifest from "../../deno.json" with { type: "json" };
import type { Row } from "./measure.ts";
import { type PartReport, ratios, tableOf } from "./table.ts";

/** Parts and the most seconds of each, of eight minutes; what one leaves the others may take. */
const PARTS: readonly (readonly [name: string, seconds: number])[] = [
  ["device", 15],
  ["checks", 70],
  ["products", 40],
  ["convolutions", 95],
  ["bandwidth", 20],
  ["steps", 140],
  ["torch", 90],
];

/** Seconds that a part has to end by itself when its time is up: what it is measuring then may have to be compiled first. */
const GRACE = 20;

interface Options {
  device: string;
  small: boolean;
  tune: boolean | null;
  parts: readonly string[];
  seconds: number;
  python: string;
  torchCpu: boolean;
  out: string | null;
  /** Of this checkout, where git cannot say it. */
  commit: string | null;
}

function fail(message: string): never {
  console.error(`bench:gpu: ${message}`);
  Deno.exit(1);
}

function parse(words: readonly string[]): Options {
  const names = PARTS.map(([name]) => name);
  const options: Options = {
    device: Deno.env.get("WKD_DEVICE") || "auto",
    ...{ small: false, tune: null, parts: names, seconds: 480, python: "python3", torchCpu: false },
    ...{ out: null, commit: null },
  };
  const rest = [...words];
  const valueOf = (option: string) => rest.shift() ?? fail(`${option} wants a value`);
  const takes: Readonly<Record<string, () => void>> = {
    "--device": () => options.device = valueOf("--device"),
    "--small": () => options.small = true,
    "--tune": () => options.tune = true,
    "--no-tune": () => options.tune = false,
    "--parts": () => options.parts = valueOf("--parts").split(","),
    "--seconds": () => options.seconds = Number(valueOf("--seconds")),
    "--python": () => options.python = valueOf("--python"),
    "--torch-cpu": () => options.torchCpu = true,
    "--commit": () => options.commit = valueOf("--commit"),
    "--out": () => options.out = valueOf("--out"),
  };
  while (rest.length > 0) {
    const word = rest.shift()!;
    const take = takes[word] ??
      fail(`there is no option ${word}; there are ${Object.keys(takes).join(", ")}`);
    take();
  }
  const kinds = ["auto", "hardware", "software"];
  if (!kinds.includes(options.device)) fail(`--device can be ${kinds.join(", ")}`);
  const unknown = options.parts.find((name) => !names.includes(name));
  if (unknown !== undefined) fail(`there is no part ${unknown}; there are ${names.join(", ")}`);
  if (!(options.seconds > 0)) fail("--seconds wants a number above 0");
  return options;
}

/** What a program prints at once, or null where it cannot be run. */
async function outputOf(command: string, ...args: string[]): Promise<string | null> {
  try {
    const cwd = fileURLToPath(new URL("../../", import.meta.url));
    const { code, stdout } = await new Deno.Command(command, { args, cwd, stderr: "null" })
      .output();
    return code === 0 ? new TextDecoder().decode(stdout).trim() : null;
  } catch {
    return null;
  }
}

function commandOf(part: string, seconds: number, options: Options): Deno.Command {
  const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
  const small = options.small ? ["--small"] : [];
  const piped = { stdout: "piped", stderr: "piped", env: { NO_COLOR: "1" } } as const;
  if (part === "torch") {
    const args = [path("torch_steps.py"), String(seconds), ...small];
    return new Deno.Command(options.python, {
      args: [...args, ...(options.torchCpu ? ["--cpu"] : [])],
      ...piped,
    });
  }
  return new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-q", "--no-check", "--no-prompt", "--allow-read"],
      "--allow-write=.cache",
      "--allow-env=WKD_MEMORY_LIMIT_MB,WKD_PEAK_TFLOPS,WKD_PEAK_GBPS",
      ...[path("part.ts"), part, String(seconds), "--device", options.device, ...small],
      ...(options.tune ? ["--tune"] : []),
    ],
    ...piped,
  });
}

/** Runs a part; what it printed counts, however it ends. */
async function runPart(part: string, seconds: number, options: Options): Promise<PartReport> {
  const start = performance.now();
  const rows: Row[] = [];
  let trouble: string | null = null;
  try {
    const child = commandOf(part, seconds, options).spawn();
    const timer = setTimeout(() => {
      trouble = `ended after ${(seconds + GRACE).toFixed(0)} s, its time`;
      child.kill("SIGKILL");
    }, 1000 * (seconds + GRACE));
    const [, errors, { code }] = await Promise.all([
      readRows(child.stdout, rows),
      new Response(child.stderr).text(),
      child.status,
    ]);
    clearTimeout(timer);
    const none = /No module named 'torch'/.test(errors);
    if (none) trouble = `left out: ${options.python} has no torch`;
    const reason = reasonIn(errors);
    if (code !== 0) trouble ??= `ended with exit status ${code}${reason && `: ${reason}`}`;
  } catch (error) {
    trouble = part === "torch"
      ? `left out: ${options.python} cannot be run`
      : (error as Error).message;
  }
  return { part, rows, seconds: (performance.now() - start) / 1000, trouble };
}

async function readRows(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  rows: Row[],
): Promise<void> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) {
      try {
        rows.push(JSON.parse(line));
      } catch {
        // A driver's own words.
      }
    }
  }
}

/** What a program said of its end: the line that names an error, or else its last. */
function reasonIn(errors: string): string {
  const lines = errors.trim().split("\n");
  return (lines.findLast((line) => /\berror\b/i.test(line)) ?? lines.at(-1)!).trim().slice(0, 300);
}

/** What the figures were measured with, for the file. */
async function origin(options: Options): Promise<Record<string, unknown>> {
  return {
    date: new Date().toISOString(),
    program: manifest.version,
    commit: options.commit ?? await outputOf("git", "rev-parse", "--short=12", "HEAD"),
    changed: Boolean(await outputOf("git", "status", "--porcelain", "--untracked-files=no")),
    ...{ deno: Deno.version.deno, v8: Deno.version.v8 },
    system: `${Deno.build.os} ${Deno.build.arch}, ${navigator.hardwareConcurrency} threads`,
    ...{ small: options.small, tune: options.tune },
  };
}

const options = parse(Deno.args);
const began = performance.now();
const left = () => options.seconds - (performance.now() - began) / 1000;
const whole = PARTS.reduce((sum, [, seconds]) => sum + seconds, 0);
const reports: PartReport[] = [];
const facts = await origin(options);

function fileName(): string {
  if (options.out !== null) return options.out;
  const adapter = reports[0]?.rows.find(({ fact }) => fact === "adapter")?.value ?? "unknown";
  const words = String(adapter).toLowerCase().replaceAll(/[^a-z0-9]+/g, "_").replace(/^_|_$/g, "");
  return `results/gpu_${words.slice(0, 40)}${options.small ? "_small" : ""}.json`;
}

/** The whole file after each part, so that nothing that was measured is lost. */
function save(): string {
  const path = fileName();
  Deno.mkdirSync(path.replace(/[^/]*$/, "") || ".", { recursive: true });
  Deno.writeTextFileSync(path, JSON.stringify({ ...facts, parts: reports }, null, 1) + "\n");
  return path;
}

let path = "";
for (
  const [name, share] of PARTS.filter(([name]) => name === "device" || options.parts.includes(name))
) {
  const seconds = Math.min(share * options.seconds / whole, left() - GRACE);
  if (seconds < 5) {
    reports.push({ part: name, rows: [], seconds: 0, trouble: "left out: no time" });
    continue;
  }
  console.error(`${name}: up to ${seconds.toFixed(0)} s`);
  const report = await runPart(name, seconds, options);
  reports.push(report);
  if (name === "device") {
    const software = report.rows.some(({ fact, value }) => fact === "kind" && value === "software");
    if (software && !options.small) {
      console.error("kernels run on the CPU here, so sizes are small");
      options.small = true;
    }
    options.tune ??= !software;
    Object.assign(facts, { small: options.small, tune: options.tune });
  }
  path = save();
  console.log(tableOf(report));
}
const compared = ratios(reports);
if (compared.length > 0) {
  const report = { part: "beside PyTorch", rows: compared, seconds: 0, trouble: null };
  reports.push(report);
  console.log(tableOf(report));
}
path = save();
const seconds = ((performance.now() - began) / 1000).toFixed(0);
const troubles = reports.filter(({ trouble, rows }) =>
  trouble !== null || rows.some(({ right }) => right === false)
);
console.log(
  `commit ${facts.commit ?? "unknown"}, ${facts.date}, ${seconds} s; all of it is in ${path}`,
);
for (const { part, trouble } of troubles) {
  console.log(`${part}: ${trouble ?? "a kernel computes wrongly"}`);
}
Deno.exit(troubles.some(({ part, trouble }) => part !== "torch" || trouble === null) ? 1 : 0);
