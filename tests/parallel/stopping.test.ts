import { assert, assertEquals, assertRejects } from "@std/assert";
import { Vanilla } from "../../src/distill/vanilla.ts";
import type { TrainEvent } from "../../src/train/events.ts";
import { TrainingError } from "../../src/train/training_error.ts";
import { assertClose, device } from "../helpers.ts";
import { Aborted } from "./local_group.ts";
import { numbers, type Saved, type Settings, type Trained, trainRanks } from "./ranks.ts";

const { half } = await device();

/** Six steps an epoch. */
const SETTINGS: Settings = { images: 82, epochs: 2, ema: true };

/** Trains until a rank is asked to stop behind a step of the run, and returns what rank 0 saves. */
async function stopped(
  size: number,
  settings: Settings,
  { rank: which, step }: { rank: number; step: number },
): Promise<Trained[]> {
  return await trainRanks(size, {
    ...settings,
    onEvent: (event, rank, abort) => {
      if (event.type === "point" && event.globalStep === step && rank === which) abort.abort();
    },
  });
}

/** The end of what was saved once by the first of some ranks. */
function saved(ranks: readonly Trained[], epoch: number, step: number): Saved {
  for (const { finished, state, saves } of ranks) {
    assertEquals([finished, state.epoch, state.step], [false, epoch, step]);
    assertEquals(saves.filter((kind) => kind === "interrupted").length, 1);
  }
  return ranks[0];
}

function assertSame(one: Saved, other: Saved): void {
  assertEquals(one.tensors, other.tensors);
  const timeless = ({ state }: Saved) => ({ ...state, seconds: 0 });
  assertEquals(timeless(one), timeless(other));
}

Deno.test("Ranks stop behind the same step, whichever is asked, and go on to the same bits", async () => {
  const [whole] = await trainRanks(2, SETTINGS);
  const first = saved(await stopped(2, SETTINGS, { rank: 1, step: 3 }), 1, 4);
  const [end] = await trainRanks(2, { ...SETTINGS, start: first });
  assertSame(end, whole);
});

Deno.test("A run of four ranks goes on with one, and then with two, as one process trains it", async () => {
  const [whole] = await trainRanks(1, SETTINGS);
  const first = saved(await stopped(4, SETTINGS, { rank: 3, step: 3 }), 1, 4);
  // One process hears of its points later.
  const [second] = await stopped(1, { ...SETTINGS, start: first }, { rank: 0, step: 6 });
  assertEquals([second.finished, second.saves.at(-1)], [false, "interrupted"]);
  const [end] = await trainRanks(2, { ...SETTINGS, start: second });
  assertClose(numbers(end, ""), numbers(whole, ""), 1e-5);
});

Deno.test("Ranks stop in an evaluation together, and save the trained epoch once", async () => {
  const settings = {
    ...SETTINGS,
    // Ends with a step that is no point, so that only the evaluation is under way.
    onEvent: (event: TrainEvent, rank: number, abort: AbortController) => {
      if (event.type === "step" && event.step === event.stepsPerEpoch && rank === 1) {
        setTimeout(() => abort.abort());
      }
    },
  };
  const ranks = await trainRanks(2, settings);
  const [{ state }] = ranks;
  assertEquals(ranks.map(({ saves }) => saves.at(-1)), ["interrupted", "interrupted"]);
  assertEquals([state.epoch, state.step, state.trained !== null], [1, 6, true]);
  const [whole] = await trainRanks(2, SETTINGS);
  const [end] = await trainRanks(2, { ...SETTINGS, start: ranks[0] });
  assertEquals(end.tensors, whole.tensors);
});

Deno.test("Ranks that drift apart end the run, with the tensor and the rank", async () => {
  const drift = (rank: number) => ({
    onGradients: rank === 2
      ? ([each]: readonly { zero_(): unknown }[]) => void each.zero_()
      : undefined,
  });
  const error = await assertRejects(() => trainRanks(3, { own: drift }), TrainingError);
  assertEquals(
    error.message.split(": ")[0],
    "student.conv1.weight of rank 2 is not what rank 0 has after epoch 1",
  );
});

Deno.test("A rank that throws ends the others", async () => {
  const messages: string[] = [];
  const failing = (event: TrainEvent, rank: number) => {
    if (event.type === "point" && rank === 1) throw new Error("rank 1 has no more disk");
  };
  await assertRejects(
    () =>
      trainRanks(3, {
        onEvent: failing,
        wrap: (group) => ({
          ...group,
          abort: (code) => {
            messages.push(`rank ${group.rank} aborts`);
            return group.abort(code);
          },
        }),
      }),
    Error,
    "rank 1 has no more disk",
  );
  assertEquals(messages[0], "rank 1 aborts");
  assert(new Aborted(1).code === 1);
});

/** A student whose gradients are out of float16's range. */
class Overflowing extends Vanilla {
  override forwardTrain(...args: Parameters<Vanilla["forwardTrain"]>) {
    const { logits, losses } = super.forwardTrain(...args);
    return { logits, losses: { loss_ce: losses.loss_ce.mul(1e30) } };
  }
}

Deno.test(
  { name: "A gradient that overflows on one rank skips the step on all", ignore: !half },
  async () => {
    const ranks = await trainRanks(2, {
      amp: true,
      distiller: (student, _train, rank) =>
        rank === 1 ? new Overflowing(student) : new Vanilla(student),
    });
    const [one, other] = ranks;
    assertEquals(one.tensors, other.tensors);
    assert(numbers(one, "student.").every(Number.isFinite));
    const told = one.events.findLast((event) => event.type === "epoch_end")!;
    assert(told.train.scaling!.skippedSteps > 0);
  },
);

Deno.test(
  { name: "Ranks train in mixed precision as one process does", ignore: !half },
  async () => {
    const settings = { amp: true, norm: true, trainer: { syncBatchNorm: true, accumulate: 2 } };
    const [alone] = await trainRanks(1, settings);
    const [one] = await trainRanks(2, settings);
    assertClose(numbers(one, "student.fc"), numbers(alone, "student.fc"), 5e-3);
  },
);
