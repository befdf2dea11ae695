import { SIZE_LIMITS } from "../gpu/adapter.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { GpuError } from "../gpu/gpu_error.ts";
import { type DeviceSpeed, deviceSpeed } from "./device/device_speed.ts";
import { joinedGroup, openGroup } from "../parallel/open_group.ts";
import { describeRanks, examineRanks, type RanksReport } from "./doctor_ranks.ts";
import { gpuAdvice } from "./device/gpu_advice.ts";
import { openDevice } from "./device/open_device.ts";
import { FAILED } from "./terminal/interrupt_signal.ts";
import { mesaVersion, TuningFile } from "./device/tuning_file.ts";

/** Options of the `doctor` command. */
interface DoctorFlags {
  /** Print JSON. */
  readonly json?: boolean;
  /** Kind of adapter. */
  readonly device?: string;
}

/** What the `doctor` command found out; also its JSON. */
interface DoctorReport {
  /** Versions of Deno and of what it is made of. */
  readonly deno: string;
  /** The operating system and the processor's architecture. */
  readonly system: string;
  /** The adapter; null where there is none. */
  readonly adapter: AdapterReport | null;
  /** What was measured; null without an adapter. */
  readonly speed: DeviceSpeed | null;
  /** The processes that a launcher started; null where it is this one alone. */
  readonly ranks: RanksReport | null;
  /** What keeps the commands from working, one sentence each. */
  readonly problems: readonly string[];
  /** What could be better, one sentence each. */
  readonly hints: readonly string[];
}

/** An adapter and what can be had of it. */
interface AdapterReport {
  /** Its name. */
  readonly name: string;
  /** `hardware`, or `software` where kernels run on the CPU. */
  readonly kind: "hardware" | "software";
  /** Version of Mesa, where its software adapter is used and the system says which it is. */
  readonly mesa: string | null;
  /** Optional WebGPU features that the engine can use. */
  readonly features: readonly string[];
  /** Threads that certainly share a subgroup; null where kernels use none. */
  readonly subgroups: number | null;
  /** The limits that decide which sizes work. */
  readonly limits: Readonly<Record<string, number>>;
  /** Bytes that tensors may take in all; null where nothing is set. */
  readonly memoryLimit: number | null;
  /** Where the variants of kernels that were measured to be the fastest are kept, and for how many shapes. */
  readonly tuning: { readonly path: string; readonly shapes: number };
}

const FEATURES = ["timestamp-query", "shader-f16"] as const;

/** Oldest Mesa whose software adapter is fast: 22.3 took 1.5 times as long for the same product. */
const FAST_MESA = 25;

/** Least memory, in bytes, that training at the usual batch sizes is comfortable with. */
const ENOUGH_MEMORY = 2 ** 30;

/**
 * Says what the machine computes with, how fast it is, and what is wrong; under a launcher, what all ranks compute with, and
 * how fast they add up gradients, by rank 0 alone.
 *
 * @returns the exit status: 1 where something keeps the other commands from working
 */
export async function doctor(flags: DoctorFlags): Promise<number> {
  await openGroup();
  const report = await withRanks(await examine(flags.device));
  if ((joinedGroup()?.rank ?? 0) === 0) {
    console.log(flags.json ? JSON.stringify(report, null, 2) : describe(report));
  }
  if (report.problems.length === 0) return 0;
  // All ranks end in the same way, so that none has to end the others.
  await joinedGroup()?.close();
  return FAILED;
}

async function examine(choice: string | undefined): Promise<DoctorReport> {
  const deno =
    `${Deno.version.deno} (V8 ${Deno.version.v8}, TypeScript ${Deno.version.typescript})`;
  const system = `${Deno.build.os} ${Deno.build.arch}, ${navigator.hardwareConcurrency} threads`;
  try {
    const gpu = await openDevice(choice);
    const adapter = describeAdapter(gpu);
    const speed = await deviceSpeed(gpu);
    const problems = speed.correct
      ? []
      : ["the adapter computes a matrix product wrongly; update its driver"];
    return { deno, system, adapter, speed, ranks: null, problems, hints: hintsFor(adapter) };
  } catch (error) {
    if (!(error instanceof GpuError)) throw error;
    return {
      deno,
      system,
      adapter: null,
      speed: null,
      ranks: null,
      problems: [error.message + gpuAdvice(error, "doctor")],
      hints: [],
    };
  }
}

/** Adds what the other ranks found, and what is wrong with them. */
async function withRanks(report: DoctorReport): Promise<DoctorReport> {
  const group = joinedGroup();
  if (!group) return report;
  const { adapter, speed, problems: own } = report;
  const ranks = await examineRanks(group, {
    adapter: adapter && `${adapter.name} (${adapter.kind})`,
    gflops: speed?.gflops ?? null,
    problems: own,
  });
  const problems = ranks.ranks.flatMap(({ host, problems }, rank) =>
    problems.map((problem) => `rank ${rank} on ${host}: ${problem}`)
  );
  return { ...report, ranks, problems };
}

function describeAdapter(gpu: Gpu): AdapterReport {
  const { device, info, software, account, subgroups } = gpu;
  const limits = device.limits as unknown as Record<string, number>;
  const tuning = new TuningFile(gpu);
  return {
    name: info.description || info.device || info.vendor || "unnamed",
    kind: software ? "software" : "hardware",
    mesa: software ? mesaVersion() : null,
    features: FEATURES.filter((name) => device.features.has(name as GPUFeatureName)),
    subgroups: subgroups.size > 1 ? subgroups.size : null,
    limits: Object.fromEntries(SIZE_LIMITS.map((name) => [name, limits[name]])),
    memoryLimit: Number.isFinite(account.limit) ? account.limit : null,
    tuning: { path: tuning.path, shapes: tuning.load().size },
  };
}

function hintsFor({ kind, mesa, memoryLimit, features }: AdapterReport): string[] {
  const hints: string[] = [];
  if (kind === "software") {
    hints.push("kernels run on the CPU: small networks train in minutes, large ones want a GPU");
  }
  if (mesa !== null && parseInt(mesa) < FAST_MESA) {
    hints.push(`Mesa ${mesa} is slow here; 25 is faster: sh setup.sh --upgrade-mesa`);
  }
  if (memoryLimit !== null && memoryLimit < ENOUGH_MEMORY) {
    hints.push("less than 1 GB of memory may be used; end other programs or use small batches");
  }
  if (!features.includes("shader-f16")) {
    const remedy = Deno.build.os === "linux"
      ? "; Deno may have fallen back to OpenGL, then sh setup.sh installs a Vulkan driver"
      : "";
    hints.push(`the adapter has no float16, so SOLVER.AMP does not work${remedy}`);
  }
  if (!features.includes("timestamp-query")) {
    hints.push("the adapter has no timestamps, so train --profile shows no times by kernel");
  }
  return hints;
}

function tuningText({ kind, tuning: { path, shapes } }: AdapterReport): string {
  if (shapes > 0) return `the fastest kernels of ${shapes} shapes, in ${path}`;
  return kind === "software"
    ? "off, since kernels run on the CPU (train --tune turns it on)"
    : `nothing yet; the first run of a shape times its kernels, for ${path}`;
}

function bytes(value: number): string {
  return value >= 2 ** 20 ? `${Math.round(value / 2 ** 20)} MB` : `${Math.round(value / 1024)} KB`;
}

function describe({ deno, system, adapter, speed, ranks, problems, hints }: DoctorReport): string {
  const lines = [`Deno       ${deno}`, `system     ${system}`];
  if (adapter && speed) {
    const mesa = adapter.mesa ? `, Mesa ${adapter.mesa}` : "";
    lines.push(
      `adapter    ${adapter.name} (${adapter.kind}${mesa})`,
      `features   ${adapter.features.join(", ") || "none of the optional ones"}`,
      `subgroups  ${adapter.subgroups === null ? "off" : `on, of ${adapter.subgroups} threads`}`,
      `memory     ${
        adapter.memoryLimit === null
          ? "no limit set (WKD_MEMORY_LIMIT_MB sets one)"
          : `at most ${bytes(adapter.memoryLimit)} for tensors (WKD_MEMORY_LIMIT_MB sets another)`
      }`,
      `tuning     ${tuningText(adapter)}`,
      ...Object.entries(adapter.limits).map(([name, value], i) =>
        `${i === 0 ? "limits     " : "           "}${name} ${
          /Size$/.test(name) ? bytes(value) : value
        }`
      ),
      `speed      ${speed.gflops.toFixed(1)} GFLOP/s (product of 512 x 512 matrices), ${
        speed.gbps.toFixed(1)
      } GB/s (ReLU over ${bytes(speed.bandwidthBytes)})`,
    );
  } else lines.push("adapter    none");
  if (ranks) lines.push(...describeRanks(ranks));
  lines.push(...hints.map((hint) => `hint       ${hint}`));
  lines.push(...problems.map((problem) => `problem    ${problem}`));
  lines.push("", problems.length > 0 ? "Something is wrong, see above." : "All is well.");
  return lines.join("\n");
}
