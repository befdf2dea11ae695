// What ranks cost: training steps that share each batch against steps of the same images without the others, in turns.
// Run: mpirun -n 2 deno run -A bench/ranks.ts [rounds] [images of a rank]
// It prints JSON: bytes and buckets, and the milliseconds of a step by rank; the medians of all rounds.
import type { BatchPart } from "../src/data/loading/batch.ts";
import { placesOf } from "../src/data/loading/batch_plan.ts";
import { SGD } from "../src/optim/sgd.ts";
import type { Group } from "../src/parallel/group.ts";
import { leaveGroup, openGroup } from "../src/parallel/open_group.ts";
import { init } from "../src/tensor/default_device.ts";
import { Generator } from "../src/tensor/random.ts";
import { TrainStep } from "../src/train/train_step.ts";
import { median } from "./scaling_model.ts";
import { wkdOf } from "./wkd_setting.ts";

const [rounds, images] = [Number(Deno.args[0] ?? 8), Number(Deno.args[1] ?? 32)];
const IMAGE = [3, 32, 32];
const CLASSES = 100;
const SCHEDULE = { epoch: 1, epochs: 240 };

const group = await openGroup();
const { rank, size } = group;

/** Notes what its sums take. */
class Timed implements Pick<Group, "allReduceSum"> {
  sums = 0;
  bytes = 0;
  milliseconds = 0;
  /** When each sum of the last step began, in milliseconds from the step's begin. */
  begins: number[] = [];
  async allReduceSum(values: Float32Array): Promise<void> {
    const start = performance.now();
    this.begins.push(Math.round(start - begun));
    await group.allReduceSum(values);
    this.milliseconds += performance.now() - start;
    this.sums++;
    this.bytes += values.byteLength;
  }
}

let begun = 0;
const gpu = await init();
const distiller = wkdOf({
  ...{ teacher: "resnet32x4", student: "resnet8x4", logit: true, feature: false },
  ...{ classes: CLASSES, image: IMAGE },
});
distiller.student.train();
const optimizer = new SGD(distiller.student.parameters(), { lr: 0.01, momentum: 0.9 });
const batchSize = images * size;
const { places, spare } = placesOf(batchSize, rank, size);
const whole = {
  labels: Int32Array.from({ length: batchSize }, (_, i) => i % CLASSES),
  indices: Int32Array.from({ length: batchSize }, (_, i) => i),
};
const part: BatchPart = { places, spare, ...whole };
const random = new Generator(rank);
const pixels = Float32Array.from({ length: images * 3072 }, () => random.next() * 2 - 1);
const batch = { images: pixels, labels: Int32Array.from(places, (place) => whole.labels[place]) };

const timed = { "in buckets": new Timed(), "in one piece": new Timed() };
const shared = (name: keyof typeof timed, bucketBytes?: number) => ({
  group: { ...joined(), allReduceSum: (values: Float32Array) => timed[name].allReduceSum(values) },
  ...{ batchSize, bucketBytes },
});
const common = { gpu, distiller, optimizer, imageShape: [images, ...IMAGE] };
const steps: Record<string, TrainStep> = {
  alone: new TrainStep(common),
  "in buckets": new TrainStep({ ...common, shared: shared("in buckets") }),
  "in one piece": new TrainStep({ ...common, shared: shared("in one piece", Infinity) }),
};

/** The group with its own methods bound, so that one can be replaced. */
function joined(): Group {
  return {
    ...{ rank, size, localRank: group.localRank, localSize: group.localSize },
    allReduceSum: (values) => group.allReduceSum(values),
    broadcast: (bytes, root) => group.broadcast(bytes, root),
    allGather: (bytes) => group.allGather(bytes),
    barrier: () => group.barrier(),
    abort: (code) => group.abort(code),
    close: () => group.close(),
  };
}

async function time(step: TrainStep): Promise<number> {
  await group.barrier();
  const start = begun = performance.now();
  for (const each of Object.values(timed)) each.begins = [];
  await step.run({ ...batch, part }, SCHEDULE);
  await gpu.finished();
  return performance.now() - start;
}

const found: Record<string, number[]> = Object.fromEntries(
  Object.keys(steps).map((name) => [name, []]),
);
for (const step of Object.values(steps)) await time(step);
for (const each of Object.values(timed)) {
  Object.assign(each, { sums: 0, bytes: 0, milliseconds: 0 });
}
const names = Object.keys(steps);
const idle: Record<string, number[]> = { "in buckets": [], "in one piece": [] };
const begins: Record<string, number[]> = {};
for (let round = 0; round < rounds; round++) {
  // Every order in its turn.
  for (let i = 0; i < names.length; i++) {
    const name = names[(i + round) % names.length];
    found[name].push(await time(steps[name]));
    if (!(name in timed)) continue;
    begins[name] = timed[name as keyof typeof timed].begins;
    idle[name].push(steps[name].idleMilliseconds);
  }
}

const own = {
  rank,
  milliseconds: Object.fromEntries(names.map((name) => [name, median(found[name])])),
  // Of rounds one by one, since other work on the machine slows whole rounds down.
  notComputing: Object.fromEntries(
    Object.keys(timed).map((name) => [
      name,
      median(found[name].map((ms, i) => 1 - found.alone[i] / ms)),
    ]),
  ),
  begins,
  // What the device waited behind the backward pass, for the other ranks too.
  idleMilliseconds: Object.fromEntries(
    Object.entries(idle).map(([name, values]) => [name, median(values)]),
  ),
  sums: Object.fromEntries(
    Object.entries(timed).map(([name, { sums, bytes, milliseconds }]) => [name, {
      ofAStep: sums / rounds,
      bytes: bytes / rounds,
      milliseconds: milliseconds / rounds,
    }]),
  ),
};
const all = await group.allGather(new TextEncoder().encode(JSON.stringify(own)));
if (rank === 0) {
  const ranks = all.map((bytes) => JSON.parse(new TextDecoder().decode(bytes)));
  const buckets = steps["in buckets"].shared!.bucketBytes;
  console.log(JSON.stringify({ size, images, buckets, ranks }, null, 1));
}
await leaveGroup(false);
Deno.exit(0);
