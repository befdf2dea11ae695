import type { Distiller } from "../distill/distiller.ts";
import type { Module } from "../nn/module.ts";
import type { GradScaler } from "../optim/grad_scaler.ts";
import type { ModelEma } from "../optim/model_ema.ts";
import type { Optimizer, OptimizerEntries } from "../optim/optimizer.ts";
import type { Group } from "../parallel/group.ts";
import { type HostTensor, readBack } from "../tensor/read_back.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { keptEpoch, TrainingError } from "./training_error.ts";

/** Tensors that every process has a copy of, by name. */
export type Replicated = ReadonlyMap<string, Tensor>;

/** What every process of a run has a copy of. */
interface ReplicatedParts {
  readonly distiller: Distiller;
  readonly optimizer: Optimizer;
  readonly scaler?: GradScaler | null;
  readonly ema?: ModelEma | null;
}

/** The copies that the processes of a run have of all that it trains. */
export class Replicas {
  /** Copies nothing yet. */
  constructor(readonly group: Group, readonly parts: ReplicatedParts) {}

  /**
   * Gives all what rank 0 holds, and makes sure that they have the same teacher.
   *
   * @throws TrainingError as {@linkcode checkReplicas} does
   */
  async begin(): Promise<void> {
    const { group, parts: { distiller: { teacher }, optimizer, ema, scaler } } = this;
    if (group.size === 1) return;
    await broadcastTensors(group, this.#models((module) => module.stateDict()));
    await broadcastTensors(
      group,
      optimizer.stateDict(),
      (entries) => optimizer.loadStateDict(entries as OptimizerEntries),
    );
    await broadcastTensors(group, ema?.stateDict() ?? new Map());
    await broadcastTensors(group, scaler?.stateDict() ?? new Map());
    await checkReplicas(
      group,
      new Map([...teacher?.stateDict("teacher.") ?? [], ...this.#all()]),
      0,
    );
  }

  /**
   * Ends an epoch: rank 0's buffers, such as the running statistics of batch normalisation, are those that count, as with
   * `broadcast_buffers` of PyTorch's `DistributedDataParallel`; all else must be the same.
   *
   * @throws TrainingError as {@linkcode checkReplicas} does
   */
  async endEpoch(epoch: number): Promise<void> {
    const { group } = this;
    if (group.size === 1) return;
    await this.shareBuffers();
    await checkReplicas(group, this.#all(), epoch);
  }

  /** Gives all the buffers of rank 0. */
  async shareBuffers(): Promise<void> {
    const { group, parts: { distiller: { student }, ema } } = this;
    await broadcastTensors(group, this.#models((module) => module.namedBuffers()));
    const names = student.namedBuffers();
    const averages = [...ema?.stateDict() ?? []].filter(([name]) => names.has(name));
    await broadcastTensors(group, new Map(averages));
  }

  #all(): Replicated {
    const { optimizer, ema, scaler } = this.parts;
    const under = (prefix: string, state?: Replicated) =>
      [...state ?? []].map(([name, tensor]) => [`${prefix}.${name}`, tensor] as const);
    return new Map([
      ...this.#models((module) => module.stateDict()),
      ...under("optimizer", optimizer.stateDict()),
      ...under("ema", ema?.stateDict()),
      ...under("scaler", scaler?.stateDict()),
    ]);
  }

  #models(of: (module: Module) => Replicated): Replicated {
    const { student, extraModules } = this.parts.distiller;
    return new Map(
      [["student", student] as const, ...Object.entries(extraModules)].flatMap(([name, module]) =>
        [...of(module)].map(([key, tensor]) => [`${name}.${key}`, tensor] as const)
      ),
    );
  }
}

/**
 * Gives all processes what rank 0 holds.
 *
 * @param load takes the numbers over, on the other ranks; default by copying them into the tensors
 */
export async function broadcastTensors(
  group: Group,
  tensors: Replicated,
  load?: (entries: Map<string, HostTensor>) => void,
): Promise<void> {
  if (group.size === 1) return;
  const own = group.rank === 0 ? await readBack(tensors) : emptyCopies(tensors);
  for (const { data } of own.values()) {
    await group.broadcast(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  if (group.rank === 0) return;
  if (load) return load(own);
  for (const [name, { data }] of own) tensors.get(name)!.copy_(data);
}

/**
 * Makes sure that all processes hold the same bits.
 *
 * @param epoch that was trained, for the error; 0 before the first
 * @throws TrainingError on all ranks, naming the first tensor that is another one on some rank, and the rank
 */
export async function checkReplicas(
  group: Group,
  tensors: Replicated,
  epoch: number,
): Promise<void> {
  if (group.size === 1) return;
  const own = await readBack(tensors);
  const digests = Uint32Array.from([...own.values()].flatMap(({ data }) => digest(data)));
  const all = (await group.allGather(new Uint8Array(digests.buffer)))
    .map((bytes) => new Uint32Array(bytes.slice().buffer));
  for (const [i, name] of [...own.keys()].entries()) {
    const rank = all.findIndex((each) => [0, 1].some((k) => each[2 * i + k] !== all[0][2 * i + k]));
    if (rank < 0) continue;
    const when = epoch === 0 ? "before the first step" : `after epoch ${epoch}`;
    throw new TrainingError(
      `${name} of rank ${rank} is not what rank 0 has ${when}: the ranks have drifted apart${
        keptEpoch(Math.max(1, epoch))
      }; look whether all ranks have the same files, the same program and sound memory`,
    );
  }
}

function emptyCopies(tensors: Replicated): Map<string, HostTensor> {
  return new Map([...tensors].map(([name, { shape, dtype, numel }]) => {
    const make = { int32: Int32Array, uint32: Uint32Array }[dtype as string] ?? Float32Array;
    return [name, { shape, data: new make(numel) }];
  }));
}

/** 64 bits of the numbers, FNV-1a over their words in two lanes. */
function digest({ buffer, byteOffset, length }: HostTensor["data"]): [number, number] {
  const words = new Uint32Array(buffer, byteOffset, length);
  let [a, b] = [0x811c9dc5, 0x9747b28c];
  for (let i = 0; i < words.length; i++) {
    a = Math.imul(a ^ words[i], 0x01000193);
    b = Math.imul(b ^ (words[i] >>> 16 | words[i] << 16), 0x85ebca6b) ^ a >>> 13;
  }
  return [a >>> 0, b >>> 0];
}
