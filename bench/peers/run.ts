/**
 * Runs the same work in this project's engine, TensorFlow.js, jax-js and PyTorch on the CPU, each in a process of its own and
 * in turn, and prints medians with ratios:
 * `deno run -A bench/peers/run.ts [--rounds 3] [--cases conv_fwd,wkd_step] [--engines ours,torch] [--cores 2]`.
 * `WKD_PYTHON` names the Python that has PyTorch; default: python3.
 */
import { fileURLToPath } from "node:url";
import { type Case, CASES, type Measurement } from "./measure.ts";

interface Engine {
  name: string;
  script: string;
  /** The engine's own import map and options: the peers' packages are not this project's. */
  config?: string;
  /** Shown as "ours / name", how many times as long ours takes; else the other way round. */
  faster?: boolean;
}

const ENGINES: readonly Engine[] = [
  { name: "ours", script: "ours.ts", config: "../../deno.json" },
  { name: "tfjs", script: "tfjs.ts", config: "deno.json" },
  { name: "jax-js", script: "jax.ts", config: "deno.json" },
  { name: "torch", script: "pytorch.py", faster: true },
];

const PYTHON = Deno.env.get("WKD_PYTHON") ?? "python3";

interface Options {
  rounds: number;
  /** That each engine may use; how many threads it makes of them is its own affair. */
  cores: number;
  cases: readonly Case[];
  engines: readonly Engine[];
}

function fail(message: string): never {
  console.error(`bench/peers: ${message}`);
  Deno.exit(1);
}

function choose<T>(
  option: string,
  text: string,
  all: readonly T[],
  name: (item: T) => string,
): T[] {
  return text.split(",").map((wanted) =>
    all.find((item) => name(item) === wanted) ??
      fail(`${option} has "${wanted}", expected some of ${all.map(name).join(",")}`)
  );
}

function wholeNumber(option: string, text: string): number {
  const value = Number(text);
  if (!(Number.isInteger(value) && value > 0)) {
    fail(`${option} was "${text}", expected a whole number above 0`);
  }
  return value;
}

function parseOptions(args: readonly string[]): Options {
  const options: Options = { rounds: 3, cores: 2, cases: CASES, engines: ENGINES };
  for (let i = 0; i < args.length; i += 2) {
    const [option, text = ""] = [args[i], args[i + 1]];
    if (option === "--rounds") options.rounds = wholeNumber(option, text);
    else if (option === "--cores") options.cores = wholeNumber(option, text);
    else if (option === "--cases") options.cases = choose(option, text, CASES, (name) => name);
    else if (option === "--engines") {
      options.engines = choose(option, text, ENGINES, ({ name }) => name);
    } else fail(`unknown option "${option}", expected --rounds, --cores, --cases or --engines`);
  }
  options.cores = Math.min(options.cores, navigator.hardwareConcurrency);
  return options;
}

const local = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

/** The version of PyTorch that the Python has; undefined without. */
async function torchVersion(): Promise<string | undefined> {
  try {
    const { success, stdout } = await new Deno.Command(PYTHON, {
      args: ["-c", "import torch; print(torch.__version__)"],
      stderr: "null",
    }).output();
    return success ? new TextDecoder().decode(stdout).trim() : undefined;
  } catch {
    return undefined;
  }
}

async function measureIn(
  { script, config }: Engine,
  name: Case,
  cores: number,
): Promise<Measurement | undefined> {
  if (!await exists(local(script))) return undefined;
  const [command, args] = config
    ? [Deno.execPath(), ["run", "-A", "--no-check", "--config", local(config)]]
    : [PYTHON, []];
  const all = cores === navigator.hardwareConcurrency;
  const [program, ...words] = [
    ...(all ? [] : ["taskset", "-c", `0-${cores - 1}`]),
    ...[command, ...args, local(script), name],
  ];
  const { code, stdout } = await new Deno.Command(program, {
    args: words,
    env: { OMP_NUM_THREADS: String(cores) },
    stderr: "inherit",
  }).output().catch(() => fail(`cannot run ${program}; fewer cores than all want Linux's taskset`));
  if (code !== 0) fail(`${script} ${name} ended with exit status ${code}`);
  const line = new TextDecoder().decode(stdout).split("\n").find((text) => text.startsWith("{"));
  return line === undefined ? undefined : JSON.parse(line);
}

/** NaN of no values. */
function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1] + sorted[Math.floor(middle)]) / 2;
}

async function header(
  { rounds, cores }: Options,
  torch: string | undefined,
): Promise<string> {
  const adapter = await navigator.gpu?.requestAdapter();
  if (!adapter) fail("no graphics adapter; run sh setup.sh first");
  const { description, device, isFallbackAdapter } = adapter.info;
  const git = await new Deno.Command("git", {
    args: ["rev-parse", "--short", "HEAD"],
    cwd: local("."),
    stderr: "null",
  }).output().catch(() => undefined);
  const commit = git?.success ? new TextDecoder().decode(git.stdout).trim() : "none";
  return [
    `adapter ${description || device}${isFallbackAdapter ? " (software)" : ""}`,
    `Deno ${Deno.version.deno}`,
    `commit ${commit}`,
    `PyTorch ${torch ?? `missing (${PYTHON} has none; WKD_PYTHON names another)`}`,
    `${cores} core${cores === 1 ? "" : "s"} each`,
    `median of ${rounds} round${rounds === 1 ? "" : "s"}`,
  ].join(", ");
}

function table(options: Options, results: ReadonlyMap<string, number[]>): string {
  const { engines } = options;
  const rivals = engines.some(({ name }) => name === "ours")
    ? engines.filter(({ name }) => name !== "ours")
    : [];
  const cell = (text: string) => text.padStart(14);
  const figure = (value: number, unit: string, digits: number) =>
    cell(Number.isNaN(value) ? "-" : value.toFixed(digits) + unit);
  const rows = options.cases.map((work) => {
    const of = (name: string) => median(results.get(`${name} ${work}`) ?? []);
    const ratio = ({ name, faster }: Engine) =>
      faster ? of("ours") / of(name) : of(name) / of("ours");
    return work.padEnd(14) + engines.map(({ name }) => figure(of(name), " ms", 1)).join("") +
      rivals.map((rival) => figure(ratio(rival), "x", 2)).join("");
  });
  const heading = "case".padEnd(14) + engines.map(({ name }) => cell(name)).join("") +
    rivals.map(({ name, faster }) => cell(faster ? `ours / ${name}` : `${name} / ours`)).join("");
  return [heading, ...rows].join("\n");
}

const options = parseOptions(Deno.args);
const torch = await torchVersion();
console.log(await header(options, torch));
if (torch === undefined) {
  options.engines = options.engines.filter(({ name }) => name !== "torch");
  if (options.engines.length === 0) {
    fail(`${PYTHON} has no PyTorch, and no other engine was asked for`);
  }
}
const results = new Map<string, number[]>();
for (let round = 1; round <= options.rounds; round++) {
  for (const work of options.cases) {
    for (const engine of options.engines) {
      const measurement = await measureIn(engine, work, options.cores);
      if (!measurement) continue;
      console.log(`round ${round}: ${JSON.stringify(measurement)}`);
      const key = `${engine.name} ${work}`;
      results.set(key, [...results.get(key) ?? [], measurement.ms]);
    }
  }
}
console.log(table(options, results));
