import { join } from "@std/path";
import type { Config } from "../config/config.ts";
import { configToYaml } from "../config/config_to_yaml.ts";
import type { Distiller } from "../distill/distiller.ts";
import { toFloat32 } from "../formats/safetensors.ts";
import type { SGD } from "../optim/sgd.ts";
import type { Tensor } from "../tensor/tensor.ts";
import {
  CheckpointError,
  type HostTensor,
  loadCheckpoint,
  readBack,
  saveCheckpoint,
  withPrefix,
} from "./checkpoint.ts";
import type { EventSink } from "./events.ts";
import { loadTensors } from "./load_model.ts";
import { initialState, type RunState } from "./run_state.ts";
import type { SaveKind } from "./trainer.ts";

/** Where the resumable state of a run folder lies. */
export function latestPath(folder: string): string {
  return join(folder, "latest.safetensors");
}

/**
 * Checkpoints of a run: `latest`, `best` and `epoch_N` hold everything that is needed to go on,
 * `student_*` the student alone.
 */
export class RunFiles {
  /** Reads and writes nothing yet. */
  constructor(
    readonly folder: string,
    readonly config: Config,
    readonly distiller: Distiller,
    readonly optimizer: SGD,
    readonly sink: EventSink,
  ) {}

  /** Writes the checkpoints that are due. */
  async save(kind: SaveKind, state: RunState): Promise<void> {
    const tensors = await readBack(this.#tensors());
    const student = withPrefix(tensors, "student.");
    const finished = state.epoch - 1;
    const names = ["latest"];
    if (kind !== "interrupted") {
      if (finished % this.config.LOG.SAVE_CHECKPOINT_FREQ === 0) names.push(`epoch_${finished}`);
      if (kind === "best") names.push("best");
    }
    const metadata = this.#metadata(state);
    if (state.totals) {
      tensors.set("totals", { shape: [state.totals.length], data: state.totals });
    }
    for (const name of names) {
      if (kind !== "interrupted") this.#write(`student_${name}`, student, metadata);
      this.#write(name, tensors, metadata);
    }
  }

  /**
   * Loads `latest` into the models and the optimiser.
   *
   * @throws CheckpointError when there is none, or it belongs to another configuration.
   */
  restore(): RunState {
    const path = latestPath(this.folder);
    const { tensors, metadata } = loadCheckpoint(path);
    const state = parseState(metadata.state, path);
    this.#compareConfig(metadata.config ?? "", path);
    for (const [name, module] of this.#modules()) {
      loadTensors(module, withPrefix(tensors, `${name}.`), path);
    }
    const momentum = withPrefix(tensors, "optimizer.");
    this.optimizer.loadStateDict(
      new Map([...momentum].map(([name, tensor]) => {
        return [name, { shape: tensor.shape, data: toFloat32(tensor) }];
      })),
    );
    const totals = tensors.get("totals");
    return { ...state, totals: totals ? toFloat32(totals) : null };
  }

  #write(
    name: string,
    tensors: ReadonlyMap<string, HostTensor>,
    metadata: Readonly<Record<string, string>>,
  ): void {
    const path = join(this.folder, `${name}.safetensors`);
    saveCheckpoint(path, tensors, metadata);
    this.sink({ type: "checkpoint", kind: name, path });
  }

  #metadata(state: RunState): Record<string, string> {
    return {
      format: "pt",
      model: this.config.DISTILLER.STUDENT,
      epoch: String(state.epoch - 1),
      best_acc: String(state.bestTop1),
      state: JSON.stringify({ ...state, totals: null }),
      config: configToYaml(this.config),
    };
  }

  #modules() {
    return [["student", this.distiller.student], ...Object.entries(this.distiller.extraModules)]
      .map(([name, module]) =>
        [name, module] as [string, typeof this.distiller.extraModules[string]]
      );
  }

  #tensors(): Map<string, Tensor> {
    const all = new Map<string, Tensor>();
    for (const [name, module] of this.#modules()) {
      for (const [key, tensor] of module.stateDict()) all.set(`${name}.${key}`, tensor);
    }
    for (const [key, tensor] of this.optimizer.stateDict()) all.set(`optimizer.${key}`, tensor);
    return all;
  }

  #compareConfig(saved: string, path: string): void {
    const now = configToYaml(this.config);
    if (saved === now) return;
    const before = new Set(saved.split("\n"));
    const changed = now.split("\n").filter((line) => !before.has(line)).map((line) => line.trim());
    this.sink({
      type: "warning",
      message: `${path} was made with another configuration; changed now: ${changed.join("; ")}`,
    });
  }
}

function parseState(json: string | undefined, path: string): RunState {
  let state: Partial<RunState> | null = null;
  try {
    state = JSON.parse(json ?? "null");
  } catch {
    // Reported below: a state that is not JSON is no state.
  }
  if (!Number.isInteger(state?.epoch) || !Number.isInteger(state?.step)) {
    throw new CheckpointError(`${path} holds no training state; it cannot be resumed`);
  }
  return { ...initialState(), ...state };
}
