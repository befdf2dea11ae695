import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { cli, TINY, trainWords, writeTeacher } from "../cli/helpers.ts";
import { inTempDir } from "../temp_dir.ts";
import { folderEvents, shown } from "./event_files.ts";

const WKD = "configs/fashion_mnist/wkd_l/resnet20_resnet8.yaml";

function metrics(run: string): Record<string, unknown>[] {
  return Deno.readTextFileSync(join(run, "metrics.jsonl")).trimEnd().split("\n")
    .map((line) => JSON.parse(line));
}

/** Epochs and steps in the order of their lines. */
function places(run: string): string[] {
  return metrics(run).map(({ kind, epoch, globalStep }) =>
    kind === "step" ? `step ${globalStep}` : `epoch ${epoch}`
  );
}

Deno.test("train logs epochs and points, and goes on after a kill without a gap or a repetition", async () => {
  await inTempDir(async (folder) => {
    const args = trainWords(folder);
    const points = ["LOG.TENSORBOARD_FREQ", "3", "LOG.WANDB", "True"];
    const first = await cli(...args, "SOLVER.EPOCHS", "3", ...points);
    assertEquals(first.status, 0, first.stderr);
    assertStringIncludes(first.stdout, "LOG.WANDB is off: ");
    const run = join(folder, "fashion_mnist", "a");
    assertEquals(places(run), ["epoch 1", "step 3", "epoch 2", "step 6", "epoch 3"]);
    const [, point, epoch] = metrics(run) as Record<string, number>[];
    assertEquals([point.epoch, point.step, point.steps, point.lr], [2, 1, 1, 0.05]);
    assert(epoch.train !== undefined && epoch.test !== undefined);

    // As a kill leaves them: an epoch logged whose checkpoint was not written, and lines cut short.
    const later = { kind: "epoch", epoch: 4 };
    const end = JSON.stringify(later) + '\n{"kind":"epoch","epo';
    Deno.writeTextFileSync(join(run, "metrics.jsonl"), end, { append: true });
    Deno.writeTextFileSync(join(run, "worklog.txt"), `${"-".repeat(25)}\nepoch: 4\nlr`, {
      append: true,
    });
    const auto = points.with(-1, "auto");
    const more = await cli(...args, "SOLVER.EPOCHS", "5", ...auto, "--resume");
    assertEquals(more.status, 0, more.stderr);
    // Nobody asked for it here.
    assert(!more.stdout.includes("LOG.WANDB is off"), more.stdout);
    assertEquals(places(run), [
      ...["epoch 1", "step 3", "epoch 2", "step 6", "epoch 3", "epoch 4"],
      ...["step 9", "epoch 5"],
    ]);
    const worklog = Deno.readTextFileSync(join(run, "worklog.txt"));
    const blocks = worklog.match(/^epoch: \d/gm)!.map((line) => Number(line.at(-1)));
    assertEquals(blocks, [1, 2, 3, 4, 5]);
    assertEquals(worklog.match(/^-{25}$/gm)!.length, 10);

    const events = folderEvents(join(run, "train.events"));
    const lines = metrics(run).filter(({ kind }) => kind === "epoch") as unknown as {
      epoch: number;
      test: { top1: number; loss: number };
    }[];
    for (const [tag, key] of [["test_acc", "top1"], ["test_loss", "loss"]] as const) {
      assertEquals(
        shown(events, tag),
        lines.map(({ epoch, test }) => [epoch, Math.fround(test[key])]),
      );
    }
    const steps = folderEvents(join(run, "train.events", "steps"));
    assertEquals(shown(steps, "step/train_loss").map(([step]) => step), [3, 6, 9]);
    const config = shown(events, "config/text_summary");
    assertEquals(config.length, 1);
    assertStringIncludes(config[0][1] as string, '  STUDENT: "resnet8"\n');
  });
});

Deno.test("train draws the cost matrix of WKD-L for TensorBoard", async () => {
  await inTempDir(async (folder) => {
    const teacher = await writeTeacher(folder);
    const trained = await cli(
      ...["train", "--cfg", WKD, "LOG.PREFIX", folder, ...TINY, "LOG.WANDB", "False"],
      ...["DISTILLER.TEACHER", "resnet8", "DISTILLER.TEACHER_CHECKPOINT", teacher],
      ...["WKD.COST_MATRIX", "fc", "EXPERIMENT.NAME", "b"],
    );
    assertEquals(trained.status, 0, trained.stderr);
    assert(!trained.stdout.includes("LOG.WANDB is off"));
    const events = folderEvents(join(folder, "fashion_mnist", "b", "train.events"));
    const png = events.find(({ what }) => what === "cost_matrix")!.value as Uint8Array;
    assertEquals([...png.subarray(1, 4)], [0x50, 0x4e, 0x47]);
    const [[, text]] = shown(events, "cost_matrix/text_summary");
    assertStringIncludes(text as string, "Cost matrix (fc, of the teacher's classifier): [10, 10]");
    assertEquals(shown(events, "train_loss_wkd_l").length, 1);
  });
});
