import {
  allReduceSeconds,
  assumedTimes,
  type Cluster,
  type Link,
  medianLink,
  ringSeconds,
  stepSeconds,
  type StepTimes,
  type Timed,
} from "./scaling_model.ts";

/** The number behind `--name`. */
export function option(name: string, fallback: number): number {
  const at = Deno.args.indexOf(`--${name}`);
  return at < 0 ? fallback : Number(Deno.args[at + 1]);
}

/** What `deno task doctor --json` says of several ranks, as far as it counts here. */
interface Doctor {
  readonly ranks: {
    readonly ranks: readonly { readonly host: string }[];
    readonly allReduce: readonly { readonly bytes: number; readonly milliseconds: number }[];
  } | null;
}

/** A link with its source: what `doctor` measured (`--near FILE`), or what is assumed or given. */
interface NamedLink extends Link {
  readonly source: string;
}

/** The link that files of `doctor --json` tell of, separated by commas: by the median of each time, where they are several. */
function measuredLink(files: string, apart: boolean): NamedLink {
  const all = files.split(",").map((file) => measuredTimes(file, apart));
  const source = all.length > 1 ? `measured, median of ${all.length}` : "measured";
  return { ...medianLink(all[0].size, all.map(({ times }) => times)), source };
}

/** The times of adding up few bytes and many, each between ranks of one host, or between hosts of one rank each. */
function measuredTimes(file: string, apart: boolean): { size: number; times: [Timed, Timed] } {
  const { ranks } = readDoctor(file);
  const size = ranks?.ranks.length ?? 1;
  const hosts = new Set(ranks?.ranks.map(({ host }) => host)).size;
  if (!ranks || size < 2 || hosts !== (apart ? size : 1)) {
    console.error(
      `${file}: wants what "deno task doctor --json" says under mpirun with two ranks or more, ${
        apart ? "each on a host of its own" : "all on one host"
      }`,
    );
    Deno.exit(1);
  }
  const timed = ({ bytes, milliseconds }: { bytes: number; milliseconds: number }) => ({
    bytes,
    seconds: milliseconds / 1e3,
  });
  return { size, times: [timed(ranks.allReduce[0]), timed(ranks.allReduce.at(-1)!)] };
}

function readDoctor(file: string): Doctor {
  try {
    return JSON.parse(Deno.readTextFileSync(file)) ?? { ranks: null };
  } catch (error) {
    console.error(`${file} cannot be read: ${(error as Error).message}`);
    Deno.exit(1);
  }
}

/** The link of `--near FILE`, `--near-us N` and `--near-gbs N`; the same of `far`. */
function linkFrom(name: "near" | "far", latency: number, gigabytes: number): NamedLink {
  const at = Deno.args.indexOf(`--${name}`);
  if (at >= 0) return measuredLink(Deno.args[at + 1], name === "far");
  return {
    latency: option(`${name}-us`, latency) / 1e6,
    bandwidth: option(`${name}-gbs`, gigabytes) * 1e9,
    source: Deno.args.some((word) => word.startsWith(`--${name}-`)) ? "given" : "assumed",
  };
}

function linkText({ latency, bandwidth, source }: NamedLink): string {
  return `${(1e6 * latency).toPrecision(3)} us and ${
    (bandwidth / 1e9).toPrecision(3)
  } GB/s (${source})`;
}

/** The networks between hosts that a table is made for. */
function networks(): { name: string; link: NamedLink }[] {
  if (Deno.args.includes("--far") || Deno.args.includes("--far-gbs")) {
    return [{ name: "hosts", link: linkFrom("far", 80, 1.25) }];
  }
  return [10, 25, 100].map((gigabits) => ({
    name: `${gigabits} Gbit/s`,
    link: linkFrom("far", 80, gigabits / 8),
  }));
}

/** Prints a table for 1 to 64 GPUs, eight to a host, for two trainings and the networks. */
export function expected(): void {
  const rate = option("tflops", 10);
  const near = linkFrom("near", 30, 4);
  const fars = networks();
  const host: Link = { latency: option("map-ms", 1) / 1e3, bandwidth: option("pcie-gbs", 8) * 1e9 };
  const lines = [
    `a GPU             ${rate} TFLOP/s in these networks, 64 images a step, 8 GPUs a host`,
    `to its host       ${1e3 * host.latency} ms and ${host.bandwidth / 1e9} GB/s`,
    `within a host     ${linkText(near)}`,
    ...fars.map(({ name, link }) => `${name.padEnd(17)} ${linkText(link)}`),
  ];
  console.log(lines.join("\n") + "\n");
  // Multiplications and additions of an image: teacher forward, student three times.
  const trainings = [
    { name: "CIFAR-100, resnet32x4 to resnet8x4", macs: 1.08e9 + 3 * 0.177e9, parameters: 1.23e6 },
    { name: "ImageNet, resnet34 to resnet18", macs: 3.66e9 + 3 * 1.81e9, parameters: 11.7e6 },
  ];
  for (const { name, macs, parameters } of trainings) {
    const compute = 2 * 64 * macs / (rate * 1e12);
    const gradients = 4 * parameters;
    console.log(
      `${name}: ${(1e3 * compute).toFixed(1)} ms of computing, ${
        (gradients / 1e6).toFixed(1)
      } MB of gradients`,
    );
    console.log("  network        GPUs   ms/step   images/s  of ideal  all-reduce  ring");
    const times = assumedTimes({ compute, forward: 0.55, gradients, buckets: 8, host });
    for (const [i, { name, link }] of fars.entries()) {
      for (const ranks of [1, 2, 4, 8, 16, 32, 64]) {
        if (ranks <= 8 && i > 0) continue;
        console.log(row(ranks <= 8 ? "one host" : name, times, {
          compute,
          gradients,
          cluster: { ranks, perHost: 8, near, far: link },
        }));
      }
    }
    console.log("");
  }
}

function row(
  network: string,
  times: StepTimes,
  { compute, gradients, cluster }: { compute: number; gradients: number; cluster: Cluster },
): string {
  const { ranks } = cluster;
  const step = ranks === 1
    ? compute
    : stepSeconds(times, (bytes) => allReduceSeconds(bytes, cluster));
  const milliseconds = (seconds: number, width: number) =>
    (1e3 * seconds).toFixed(1).padStart(width);
  return [
    ` ${network.padEnd(12)}`,
    String(ranks).padStart(6),
    milliseconds(step, 9),
    Math.round(64 * ranks / step).toLocaleString("en-US").padStart(10),
    `${(100 * compute / step).toFixed(0).padStart(7)} %`,
    `${milliseconds(allReduceSeconds(gradients, cluster), 8)} ms`,
    `${milliseconds(ringSeconds(gradients, cluster), 6)} ms`,
  ].join(" ");
}
