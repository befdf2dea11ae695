/**
 * Runs the same work in this project's engine, TensorFlow.js and jax-js, each in a process of its own and
 * in turn, and prints medians with ratios:
 * `deno run -A bench/peers/run.ts [--rounds 2] [--cases conv_fwd,wkd_step] [--engines ours,tfjs]`.
 */
import { fileURLToPath } from "node:url";
import { type Case, CASES, type Measurement } from "./measure.ts";

interface Engine {
  name: string;
  script: string;
  /** The engine's own import map and options: the peers' packages are not this project's. */
  config: string;
}

const ENGINES: readonly Engine[] = [
  { name: "ours", script: "ours.ts", config: "../../deno.json" },
  { name: "tfjs", script: "tfjs.ts", config: "deno.json" },
  { name: "jax-js", script: "jax.ts", config: "deno.json" },
];

interface Options {
  rounds: number;
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

function parseOptions(args: readonly string[]): Options {
  const options: Options = { rounds: 2, cases: CASES, engines: ENGINES };
  for (let i = 0; i < args.length; i += 2) {
    const [option, text = ""] = [args[i], args[i + 1]];
    if (option === "--rounds") {
      options.rounds = Number(text);
      if (!(Number.isInteger(options.rounds) && options.rounds > 0)) {
        fail(`--rounds was "${text}", expected a whole number above 0`);
      }
    } else if (option === "--cases") options.cases = choose(option, text, CASES, (name) => name);
    else if (option === "--engines") {
      options.engines = choose(option, text, ENGINES, ({ name }) => name);
    } else fail(`unknown option "${option}", expected --rounds, --cases or --engines`);
  }
  return options;
}

const local = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

async function measureIn(engine: Engine, name: Case): Promise<Measurement | undefined> {
  if (!await exists(local(engine.script))) return undefined;
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--config", local(engine.config), local(engine.script), name],
    stderr: "inherit",
  }).output();
  if (code !== 0) fail(`${engine.script} ${name} ended with exit status ${code}`);
  const line = new TextDecoder().decode(stdout).split("\n").find((text) => text.startsWith("{"));
  return line === undefined ? undefined : JSON.parse(line);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1] + sorted[Math.floor(middle)]) / 2;
}

async function header(rounds: number): Promise<string> {
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
    `median of ${rounds} round${rounds === 1 ? "" : "s"}`,
  ].join(", ");
}

function table(options: Options, results: ReadonlyMap<string, number[]>): string {
  const names = options.engines.map(({ name }) => name);
  const rivals = names.includes("ours") ? names.filter((name) => name !== "ours") : [];
  const cell = (text: string) => text.padStart(14);
  const rows = options.cases.map((work) => {
    const ms = new Map(names.map((name) => [name, results.get(`${name} ${work}`)]));
    const of = (name: string) => ms.get(name) && median(ms.get(name)!);
    const ours = of("ours");
    const figure = (value: number | undefined, unit: string, digits: number) =>
      cell(value === undefined ? "-" : value.toFixed(digits) + unit);
    return work.padEnd(14) + names.map((name) => figure(of(name), " ms", 1)).join("") +
      rivals.map((name) => {
        const theirs = of(name);
        return figure(
          theirs !== undefined && ours !== undefined ? theirs / ours : undefined,
          "x",
          2,
        );
      }).join("");
  });
  const heading = "case".padEnd(14) + names.map(cell).join("") +
    rivals.map((name) => cell(`${name} / ours`)).join("");
  return [heading, ...rows].join("\n");
}

const options = parseOptions(Deno.args);
console.log(await header(options.rounds));
const results = new Map<string, number[]>();
for (let round = 1; round <= options.rounds; round++) {
  for (const work of options.cases) {
    for (const engine of options.engines) {
      const measurement = await measureIn(engine, work);
      if (!measurement) continue;
      console.log(`round ${round}: ${JSON.stringify(measurement)}`);
      const key = `${engine.name} ${work}`;
      results.set(key, [...results.get(key) ?? [], measurement.ms]);
    }
  }
}
console.log(table(options, results));
