// How a training step scales.
//   deno run bench/scaling.ts                          what is expected for 1 to 64 GPUs, by assumed networks
//   deno run --allow-read=. bench/scaling.ts --near near.json --far far.json
//                                                      the same by what doctor --json measured between ranks of one host,
//                                                      and between hosts with one rank each; several files, a.json,b.json,
//                                                      count by their medians
//   mpirun -n 4 sh src/cli/rank.sh deno run --allow-read --allow-env --allow-sys bench/scaling.ts [--large] [--rounds N]
//                                                      measures a step of as many ranks, and checks the model with it
import type { SharedSettings } from "../src/train/shared_step.ts";
import { Vanilla } from "../src/distill/vanilla.ts";
import type { Distiller } from "../src/distill/distiller.ts";
import { openDevice } from "../src/cli/device/open_device.ts";
import { placesOf } from "../src/data/loading/batch_plan.ts";
import { createModel } from "../src/models/registry.ts";
import { SGD } from "../src/optim/sgd.ts";
import type { MpiGroup } from "../src/parallel/mpi_group.ts";
import { joinedGroup, leaveGroup, openGroup } from "../src/parallel/open_group.ts";
import { Generator } from "../src/tensor/random.ts";
import { TrainStep } from "../src/train/train_step.ts";
import { allReduceSeconds, type Cluster, linkOf, median, stepSeconds } from "./scaling_model.ts";
import { expected, option } from "./scaling_table.ts";
import { wkdOf } from "./wkd_setting.ts";

const SCHEDULE = { epoch: 1, epochs: 240 };

/** Seconds of adding up a buffer, without anything else going on. */
async function allReduceTime(group: MpiGroup, floats: number): Promise<number> {
  const values = new Float32Array(floats);
  const times: number[] = [];
  for (let i = 0; i < 15; i++) {
    await group.barrier();
    const start = performance.now();
    await group.allReduceSum(values);
    times.push((performance.now() - start) / 1e3);
  }
  return median(times);
}

/** A step of this rank's, and when its gradients arrived in the last one. */
interface Measured {
  readonly run: () => Promise<number>;
  readonly arrivals: number[];
  readonly bytes: readonly number[];
}

/** The largest of all ranks' numbers, one by one. */
async function slowest(group: MpiGroup, own: readonly number[]): Promise<number[]> {
  const all = await group.allGather(new Uint8Array(Float64Array.from(own).buffer));
  const rows = all.map((bytes) => new Float64Array(bytes.slice().buffer));
  return own.map((_, i) => Math.max(...rows.map((row) => row[i])));
}

async function measure(group: MpiGroup): Promise<void> {
  const gpu = await openDevice();
  const large = Deno.args.includes("--large");
  const images = option("images", 32);
  const image = large ? [3, 32, 32] : [1, 28, 28];
  const classes = large ? 100 : 10;
  const distillerOf = (): Distiller =>
    large
      ? wkdOf({
        teacher: "resnet32x4",
        student: "resnet8x4",
        logit: true,
        feature: false,
        classes,
        image,
      })
      : new Vanilla(createModel("resnet8", { numClasses: classes, inChannels: 1 }));
  const whole = images * group.size;
  const { places } = placesOf(whole, group.rank, group.size);
  const labels = Int32Array.from({ length: whole }, (_, i) => i % classes);
  const generator = new Generator(1);
  const batch = {
    images: Float32Array.from(
      { length: images * image.reduce((a, b) => a * b) },
      () => 2 * generator.next() - 1,
    ),
    labels: labels.slice(0, images),
    part: { places: Int32Array.from(places), spare: false, labels, indices: labels },
  };
  const stepOf = (reduce: ((values: Float32Array) => Promise<void>) | null): Measured => {
    const distiller = distillerOf();
    const optimizer = new SGD(distiller.student.parameters(), { lr: 0.05, momentum: 0.9 });
    const arrivals: number[] = [];
    let start = 0;
    const shared: SharedSettings | null = reduce && {
      batchSize: whole,
      group: {
        ...{ rank: group.rank, size: group.size, localRank: 0, localSize: 1 },
        allReduceSum: (values) => {
          arrivals.push((performance.now() - start) / 1e3);
          return reduce(values);
        },
        broadcast: (bytes) => group.broadcast(bytes),
        allGather: (bytes) => group.allGather(bytes),
        barrier: () => group.barrier(),
        abort: (code) => group.abort(code),
        close: () => group.close(),
      },
    };
    const step = new TrainStep({
      gpu,
      distiller,
      optimizer,
      imageShape: [images, ...image],
      shared,
    });
    return {
      arrivals,
      bytes: step.shared?.bucketBytes ?? [],
      run: async () => {
        await group.barrier();
        arrivals.length = 0;
        start = performance.now();
        await step.run(batch, SCHEDULE);
        await gpu.finished();
        return (performance.now() - start) / 1e3;
      },
    };
  };
  const alone = stepOf(null);
  const apart = stepOf(() => Promise.resolve());
  const joint = stepOf((values) => group.allReduceSum(values));
  for (const each of [alone, apart, joint]) await each.run();
  const timed = async (floats: number) => ({
    bytes: 4 * floats,
    seconds: await allReduceTime(group, floats),
  });
  const link = linkOf(group.size, await timed(2), await timed(2 ** 19));
  const { latency, bandwidth } = link;
  const cluster: Cluster = { ranks: group.size, perHost: group.size, near: link, far: link };
  const rows: number[][] = [];
  for (let round = 0; round < option("rounds", 8); round++) {
    const times = [await alone.run(), await apart.run()];
    const arrived = apart.arrivals.slice();
    times.push(await joint.run());
    const [single, exchanged, measured, ...arrivals] = await slowest(group, [...times, ...arrived]);
    // The message with the metrics comes last.
    const bytes = [...apart.bytes, 64];
    const tail = exchanged - arrivals.at(-1)!;
    const model = stepSeconds({ arrivals, bytes, tail }, (size) => allReduceSeconds(size, cluster));
    rows.push([single, exchanged, measured, model]);
  }
  if (group.rank > 0) return;
  // What else runs on the machine slows rounds down, and all of a round alike.
  const [single, exchanged, measured, model] = [0, 1, 2, 3].map((i) =>
    median(rows.map((row) => row[i]))
  );
  const computing = median(rows.map(([single, , measured]) => single / measured));
  const fit = median(rows.map(([, , measured, model]) => model / measured));
  const text = (seconds: number) => `${(1e3 * seconds).toFixed(1)} ms`.padStart(10);
  console.log(
    `${group.size} ranks, ${images} images each, ${
      large ? "resnet32x4 to resnet8x4, WKD-L" : "resnet8"
    }`,
  );
  console.log(
    `latency ${(1e6 * latency).toFixed(0)} us, bandwidth ${(bandwidth / 1e9).toFixed(2)} GB/s`,
  );
  console.log(
    `buckets ${apart.bytes.map((size) => `${(size / 2 ** 20).toFixed(2)} MiB`).join(", ")}`,
  );
  console.log(`each rank by itself            ${text(single)}`);
  console.log(`with gradients to and fro      ${text(exchanged)}`);
  console.log(
    `with the others                ${text(measured)}   not computing ${
      (100 * (1 - computing)).toFixed(1)
    } %`,
  );
  console.log(
    `the same by the model          ${text(model)}   off by ${(100 * (fit - 1)).toFixed(1)} %`,
  );
}

await openGroup();
const group = joinedGroup();
if (group) await measure(group);
else expected();
await leaveGroup(false);
Deno.exit(0);
