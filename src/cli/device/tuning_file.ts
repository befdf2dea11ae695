import { join } from "node:path";
import { granted } from "../../formats/environment.ts";
import { writeFileAtomic } from "../../formats/atomic_write.ts";
import type { Gpu } from "../../gpu/gpu.ts";
import type { TuningStore } from "../../gpu/tuning.ts";
import manifest from "../../../deno.json" with { type: "json" };
import { warn as warnUser } from "../terminal/notes.ts";

/** Where the files lie, from the folder that commands run in; there is the packed cache of images, too. */
const FOLDER = join(".cache", "tuning");
/** Format of the file. */
const VERSION = 1;
/** Most bytes of a file: thousands of shapes. */
const MOST_BYTES = 2 ** 22;

const STATUS = "/var/lib/dpkg/status";
const PACKAGE = "mesa-vulkan-drivers";

/** What choices of kernel variants hold for. */
interface TuningMark {
  readonly version: number;
  /** Name and numbers of the adapter. */
  readonly adapter: string;
  /** Version of its driver, where the system says it. */
  readonly driver: string;
  /** Versions of this program and of Deno, whose compiler makes the kernels. */
  readonly program: string;
}

/** What was measured on an adapter before: the choices among variants of kernels by shape, in one file. */
export class TuningFile implements TuningStore {
  /** Where it lies, or would lie. */
  readonly path: string;
  readonly #mark: TuningMark;
  #told = false;

  /**
   * The file of an adapter with its driver.
   *
   * @param driver its version; default what the system says
   * @param warn told once where the file cannot be written
   */
  constructor(
    gpu: Pick<Gpu, "info">,
    readonly driver: string = driverVersion(),
    readonly warn: (message: string) => void = warnUser,
    folder: string = FOLDER,
  ) {
    const { vendor, architecture, device, description } = gpu.info;
    const name = description || device || vendor || "unnamed";
    this.#mark = {
      version: VERSION,
      adapter: [name, vendor, architecture, device].join(" / "),
      driver,
      program: `${manifest.version}, Deno ${Deno.version.deno}`,
    };
    const words = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");
    this.path = join(folder, `${words.slice(0, 40)}-${hash(JSON.stringify(this.#mark))}.json`);
  }

  /** The choices in it; none where it is missing, damaged, or of another adapter, driver or version. */
  load(): ReadonlyMap<string, string> {
    try {
      if (!granted({ name: "read", path: this.path })) return new Map();
      if (Deno.statSync(this.path).size > MOST_BYTES) return new Map();
      const { choices, ...mark } = JSON.parse(Deno.readTextFileSync(this.path));
      if (JSON.stringify(mark) !== JSON.stringify(this.#mark)) return new Map();
      const entries = Object.entries(choices) as [string, unknown][];
      return entries.every(([, name]) => typeof name === "string")
        ? new Map(entries as [string, string][])
        : new Map();
    } catch {
      // Measuring again takes seconds, and makes the file anew.
      return new Map();
    }
  }

  /** Adds choices to what is there by now: another process may have added some meanwhile. */
  add(choices: ReadonlyMap<string, string>): void {
    if (!granted({ name: "write", path: this.path })) return;
    const all = Object.fromEntries([...this.load(), ...choices]);
    try {
      writeFileAtomic(this.path, JSON.stringify({ ...this.#mark, choices: all }, null, 1) + "\n");
    } catch (error) {
      if (!this.#told) this.warn(`${(error as Error).message}; kernels are timed again next time`);
      this.#told = true;
    }
  }
}

/** Versions of the graphics drivers that the system tells of; empty where it tells of none. */
function driverVersion(): string {
  const nvidia = /Kernel Module\D*([\d.]+)/.exec(readText("/proc/driver/nvidia/version") ?? "");
  const mesa = mesaVersion();
  return [...(nvidia ? [`NVIDIA ${nvidia[1]}`] : []), ...(mesa ? [`Mesa ${mesa}`] : [])].join(", ");
}

/**
 * The version of Mesa that dpkg has installed, such as `25.0.7`: WebGPU does not tell it.
 *
 * @param status the text of dpkg's status file; default that of this system
 * @returns null where the system has no dpkg or no such package
 */
export function mesaVersion(status: string | null = readText(STATUS)): string | null {
  const start = status?.indexOf(`Package: ${PACKAGE}\n`) ?? -1;
  if (start < 0) return null;
  const entry = status!.slice(start).split("\n\n", 1)[0];
  return /^Version: (?:\d+:)?(\d[\d.]*)/m.exec(entry)?.[1] ?? null;
}

function readText(path: string): string | null {
  try {
    return granted({ name: "read", path }) ? Deno.readTextFileSync(path) : null;
  } catch {
    return null;
  }
}

/** FNV-1a, eight digits. */
function hash(text: string): string {
  let sum = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) sum = Math.imul(sum ^ text.charCodeAt(i), 0x01000193);
  return (sum >>> 0).toString(16).padStart(8, "0");
}
