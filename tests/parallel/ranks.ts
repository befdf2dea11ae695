import type { MixOptions } from "../../src/data/augment/mix.ts";
import { DataLoader, type LoaderOptions } from "../../src/data/loading/loader.ts";
import type { ImageDataset } from "../../src/data/image_dataset.ts";
import type { Distiller } from "../../src/distill/distiller.ts";
import { Vanilla } from "../../src/distill/vanilla.ts";
import { Model, type ModelOutput } from "../../src/models/model.ts";
import { BatchNorm2d } from "../../src/nn/batch_norm2d.ts";
import { Conv2d } from "../../src/nn/conv2d.ts";
import { Dropout } from "../../src/nn/dropout.ts";
import { manualSeed } from "../../src/nn/init.ts";
import { Linear } from "../../src/nn/linear.ts";
import { GradScaler } from "../../src/optim/grad_scaler.ts";
import { ModelEma } from "../../src/optim/model_ema.ts";
import { SGD } from "../../src/optim/sgd.ts";
import { ALONE, type Group } from "../../src/parallel/group.ts";
import { tensor } from "../../src/tensor/create.ts";
import { type HostTensor, readBack } from "../../src/tensor/read_back.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import type { TrainEvent } from "../../src/train/events.ts";
import { initialState, type RunState } from "../../src/train/run_state.ts";
import { Trainer, type TrainerOptions } from "../../src/train/trainer.ts";
import { device, uniforms } from "../helpers.ts";
import { asRanks, localGroups } from "./local_group.ts";

const gpu = await device();
const CLASSES = 3;
const SIDE = 4;

/** A convolution, batch normalisation where asked, and a classifier. */
export class Net extends Model {
  override readonly stageChannels = [4];
  readonly conv1 = new Conv2d(1, 4, { kernelSize: 3, padding: 1 });
  readonly bn1: BatchNorm2d | null;
  readonly fc = new Linear(4 * SIDE * SIDE, CLASSES);

  /** `dropout`: the layer behind the feature, if there is to be one. */
  constructor(norm: boolean, readonly dropout: { forward(x: Tensor): Tensor } | null = null) {
    super();
    this.bn1 = norm ? new BatchNorm2d(4) : null;
  }

  override get classifier(): Linear {
    return this.fc;
  }

  override forward(images: Tensor): ModelOutput {
    const map = this.conv1.forward(images);
    const feat = this.bn1 ? this.bn1.forward(map, { relu: true }) : map.relu();
    const flat = feat.flatten(1);
    const pooledFeat = this.dropout?.forward(flat) ?? flat;
    return {
      logits: this.fc.forward(pooledFeat),
      features: { feats: [feat], preactFeats: [], pooledFeat },
    };
  }
}

/** Images of random pixels, in classes of one size unless `labels` says otherwise. */
export function noise(length: number, name = "noise"): ImageDataset {
  const pixels = uniforms(name, length * SIDE * SIDE);
  const classes = uniforms(`${name} labels`, length);
  return {
    name,
    length,
    images: Uint8Array.from(pixels, (value) => Math.floor(256 * value)),
    labels: Int32Array.from(classes, (value) => Math.floor(CLASSES * value)),
    ...{ channels: 1, height: SIDE, width: SIDE },
    classes: ["a", "b", "c"],
    ...{ mean: [0.5], std: [0.25] },
  };
}

/** What {@linkcode trainRanks} trains, and how. */
export interface Settings {
  images?: number;
  batchSize?: number;
  epochs?: number;
  norm?: boolean;
  dropout?: number;
  amp?: boolean;
  ema?: boolean;
  mixing?: MixOptions;
  loader?: Partial<LoaderOptions>;
  trainer?: Partial<TrainerOptions>;
  /** What only some rank has of its own. */
  own?: (rank: number) => Partial<TrainerOptions>;
  /** The distiller of a rank's student. */
  distiller?: (student: Net, train: ImageDataset, rank: number) => Distiller;
  /** Where each rank goes on. */
  start?: Saved;
  /** Hears what rank 0 tells. */
  onEvent?: (event: TrainEvent, rank: number, abort: AbortController) => void;
  /** Wraps a rank's group. */
  wrap?: (group: Group) => Group;
}

/** What a rank has at a time. */
export interface Saved {
  state: RunState;
  tensors: Map<string, HostTensor>;
}

/** How a rank ended. */
export interface Trained extends Saved {
  events: TrainEvent[];
  finished: boolean;
  saves: string[];
}

/** Trains on one group's rank. */
export async function trainRank(group: Group, settings: Settings): Promise<Trained> {
  const { images = 50, batchSize = 16, epochs = 2, norm = false, amp, mixing } = settings;
  manualSeed(3 + group.rank);
  const seed = tensor(Uint32Array.of(5), null, { device: gpu }).keep();
  const dropout = settings.dropout ? new Dropout(settings.dropout, seed) : null;
  const student = new Net(norm, dropout);
  const train = noise(images);
  const distiller: Distiller = settings.distiller?.(student, train, group.rank) ??
    new Vanilla(student);
  const named = student.namedParameters();
  const beside = Object.values(distiller.extraModules).flatMap((each) => each.parameters());
  const optimizer = new SGD([...named.values(), ...beside], { lr: 0.1, momentum: 0.9 });
  const scaler = amp ? new GradScaler(gpu, { initScale: 256 }) : null;
  const ema = settings.ema ? new ModelEma(student.stateDict(), optimizer.groups, 0.75) : null;
  const { rank, size: worldSize } = group;
  const ranked = { rank, worldSize };
  const loaders = {
    train: new DataLoader(train, {
      ...{ batchSize, train: true, seed: 1, ...ranked, ...settings.loader },
    }),
    test: new DataLoader(noise(21, "test"), { batchSize: 4, train: false, ...ranked }),
  };
  const events: TrainEvent[] = [];
  const saves: string[] = [];
  const abort = new AbortController();
  const state = settings.start ? structuredClone(settings.start.state) : initialState();
  const modules = { student, ...distiller.extraModules };
  const tensors = () => {
    const models = Object.entries(modules).flatMap((
      [name, each],
    ) => [...each.stateDict(`${name}.`)]);
    const states = [...optimizer.stateDict()].map(([key, each]) =>
      [`optimizer.${key}`, each] as const
    );
    const averages = [...ema?.stateDict() ?? []].map(([key, each]) =>
      [`ema.${key}`, each] as const
    );
    return new Map([...models, ...states, ...averages]);
  };
  if (settings.start && rank === 0) {
    for (const [name, each] of tensors()) each.copy_(settings.start.tensors.get(name)!.data);
  }
  const trainer = new Trainer({
    ...{ gpu, distiller, optimizer, scaler, ema, ...loaders, batchSize, epochs, mixing, group },
    learningRate: ({ epoch }) => 0.1 / epoch,
    pointEvery: 3,
    signal: abort.signal,
    sink: (event) => {
      events.push(event);
      settings.onEvent?.(event, rank, abort);
    },
    save: (kind) => {
      saves.push(kind);
      return Promise.resolve();
    },
    ...settings.trainer,
    ...settings.own?.(rank),
  }, state);
  try {
    const finished = await trainer.run();
    return { finished, events, saves, state, tensors: await readBack(tensors()) };
  } finally {
    trainer.dispose();
    for (const each of [seed, ema, optimizer, scaler, ...Object.values(modules)]) each?.dispose();
    distiller.dispose?.();
  }
}

/** Trains on so many ranks in one process. */
export async function trainRanks(size: number, settings: Settings = {}): Promise<Trained[]> {
  if (size === 1) return [await trainRank(ALONE, settings)];
  const groups = localGroups(size).map(settings.wrap ?? ((group) => group));
  return await asRanks(groups, (group) => trainRank(group, settings));
}

/** All numbers of what a rank has, under names that start so. */
export function numbers({ tensors }: Saved, prefix: string): number[] {
  const found = [...tensors].filter(([name]) => name.startsWith(prefix));
  return found.flatMap(([, { data }]) => [...data]);
}
