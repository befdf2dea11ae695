/** A program of several ranks, started by a launcher in the tests: its first argument says what it does. */
import { assert, assertEquals } from "@std/assert";
import { describeRanks, examineRanks } from "../../src/cli/doctor_ranks.ts";
import { joinedGroup, leaveGroup, openGroup, rankName } from "../../src/parallel/open_group.ts";

const [what, argument] = Deno.args;
const group = await openGroup();
const { rank, size } = group;

/** After how many elements the values repeat. */
const PERIOD = 1000;

/** A value that no order of adding leaves as it is. */
function value(rank: number, i: number): number {
  return Math.fround(Math.sin(1 + i * (rank + 1)) * 10 ** (i % 7));
}

/** What all must hold, where pairs are added, then pairs of pairs. */
function pairwise(i: number): number {
  let sums = Array.from({ length: size }, (_, r) => value(r, i));
  const paired = size - 2 ** Math.floor(Math.log2(size));
  sums = [
    ...Array.from({ length: paired }, (_, r) => Math.fround(sums[2 * r] + sums[2 * r + 1])),
    ...sums.slice(2 * paired),
  ];
  while (sums.length > 1) {
    sums = Array.from(
      { length: sums.length / 2 },
      (_, k) => Math.fround(sums[2 * k] + sums[2 * k + 1]),
    );
  }
  return sums[0];
}

/** Every collective call, on sizes that take every path. */
async function collectives(): Promise<void> {
  let hash = 0;
  const own = Float32Array.from({ length: PERIOD }, (_, i) => value(rank, i));
  const wanted = Float32Array.from({ length: PERIOD }, (_, i) => pairwise(i));
  for (const count of [0, 1, 3, 2048, 2049, 100_003, 2 ** 22 + PERIOD + 5]) {
    const values = new Float32Array(count);
    for (let i = 0; i < count; i += PERIOD) values.set(own.subarray(0, count - i), i);
    await group.allReduceSum(values);
    for (const start of [0, 2 ** 22 - 2 ** 22 % PERIOD]) {
      const part = values.subarray(start, start + PERIOD);
      assertEquals(part, wanted.subarray(0, part.length), `${count} floats, from ${start}`);
    }
    hash = new Uint32Array(values.buffer).subarray(-PERIOD).reduce(
      (h, x) => (Math.imul(h, 31) + x) | 0,
      hash,
    );
  }
  // Asked for before the one before is answered, out of a larger buffer.
  const whole = new Float32Array(3000).fill(rank + 1);
  const parts = [whole.subarray(0, 1000), whole.subarray(2000)];
  await Promise.all(parts.map((part) => group.allReduceSum(part)));
  const sum = size * (size + 1) / 2;
  assertEquals([whole[999], whole[1000], whole[2000]], [sum, rank + 1, sum]);
  const bytes = new Uint8Array(70_001).fill(rank);
  await group.broadcast(bytes, size - 1);
  assertEquals([bytes[0], bytes.at(-1)], [size - 1, size - 1]);
  const gathered = await group.allGather(new Uint8Array(rank * 40_000).fill(7 + rank));
  assertEquals(gathered.map(({ length }) => length), gathered.map((_, r) => r * 40_000));
  assert(gathered.every((each, r) => each.every((byte) => byte === 7 + r)));
  await group.barrier();
  const report = await examineRanks(joinedGroup()!, { adapter: "card", gflops: 1, problems: [] });
  if (rank === 0) console.log(describeRanks(report).join("\n"));
  console.log(`${rankName()}: ${group.localRank} of ${group.localSize}, hash ${hash}`);
}

switch (what) {
  case "collectives":
    await collectives();
    break;
  case "fail":
    if (rank === 1) {
      console.log("failing");
      console.error(`${rankName()}: error: no such file`);
      await leaveGroup(true);
    }
    await group.barrier();
    break;
  case "throw":
    if (rank === 1) throw new Error("thrown on purpose");
    await group.barrier();
    break;
  case "die":
    if (rank === 1) setTimeout(() => Deno.kill(Deno.pid, "SIGKILL"), 300);
    console.log(`pid ${Deno.pid}`);
    for (;;) await group.allReduceSum(new Float32Array(5000));
  /* falls through */
  case "hold":
    // One rank computes, with its thread busy, the other waits for it.
    console.log(`pid ${Deno.pid}`);
    if (rank === 1) { while (true); }
    await group.barrier();
    break;
  case "interrupt": {
    let stop = false;
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      Deno.addSignalListener(signal, () => {
        console.log(`rank ${rank} got ${signal}`);
        stop = true;
      });
    }
    console.log(`pid ${Deno.pid}`);
    const wish = new Float32Array(1);
    do {
      await new Promise((resolve) => setTimeout(resolve, 50));
      wish[0] = stop ? 1 : 0;
      await group.allReduceSum(wish);
    } while (wish[0] === 0);
    await new Promise((resolve) => setTimeout(resolve, Number(argument ?? 0)));
    console.log(`rank ${rank} has saved`);
    break;
  }
}
await leaveGroup(false);
Deno.exit(0);
