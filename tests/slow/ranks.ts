/** Real ranks, as `mpirun` starts them, against one process: the same training, killed and resumed. Left out without MPI. */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { loadCheckpoint } from "../../src/run/checkpoints/checkpoint.ts";
import { assertClose } from "../helpers.ts";
import { launchers } from "../parallel/launchers.ts";
import { inTempDir } from "../temp_dir.ts";

const ROOT = fromFileUrl(new URL("../../", import.meta.url));
const [launcher] = launchers.entries();

/**
 * 5 steps an epoch. A small learning rate: about once in some steps the input of a ReLU is zero up to rounding and falls the
 * other way, which changes a gradient by a thousandth.
 */
const SETTINGS = [
  ...["DATASET.TYPE", "fashion_mnist", "DATASET.VALIDATION", "2", "DATASET.SUBSET", "4"],
  ...["DATASET.TEST.BATCH_SIZE", "20", "DISTILLER.TYPE", "NONE", "DISTILLER.STUDENT", "resnet8"],
  ...[
    "SOLVER.BATCH_SIZE",
    "8",
    "SOLVER.EPOCHS",
    "4",
    "SOLVER.LR",
    "0.0001",
    "SOLVER.SYNC_BN",
    "True",
  ],
  ...["LOG.CHECKPOINT_FORMAT", "safetensors"],
];

/** A run under way. */
interface Running {
  readonly launched: Deno.ChildProcess;
  /** Ends when all have ended: the exit status, and what they printed. */
  readonly ended: Promise<{ code: number; text: string }>;
  /** Waits until the folder's `latest` is of that epoch or a later one. */
  saved(epoch: number): Promise<void>;
}

function start(ranks: number, prefix: string, name: string, ...more: string[]): Running {
  const words = [
    ...["deno", "run", "-q", "-A", "--no-check", "mod.ts", "train"],
    ...[...SETTINGS, "LOG.PREFIX", prefix, "EXPERIMENT.NAME", name, ...more],
  ];
  const options = launcher[0] === "Open MPI" ? ["--bind-to", "none", "--oversubscribe"] : [];
  const [program, ...args] = ranks === 1
    ? words
    : [launcher[1], ...options, "-n", `${ranks}`, ...words];
  const launched = new Deno.Command(program, {
    ...{ args, cwd: ROOT, stdout: "piped", stderr: "piped" },
    env: {
      ...{ NO_COLOR: "1", OMPI_ALLOW_RUN_AS_ROOT: "1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1" },
      // What setup.sh --mpi writes.
      OMPI_MCA_odls_base_sigkill_timeout: "2",
    },
  }).spawn();
  const ended = launched.output().then(({ code, stdout, stderr }) => {
    const [out, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    return { code, text: out + errors };
  });
  const saved = async (epoch: number) => {
    let over = false;
    ended.then(() => over = true);
    for (;;) {
      assert(!over, over ? (await ended).text : "");
      await new Promise((resolve) => setTimeout(resolve, 50));
      try {
        const { metadata } = loadCheckpoint(latest(prefix, name));
        if (Number(metadata.epoch) >= epoch) return;
      } catch {
        // Nothing is saved yet.
      }
    }
  };
  return { launched, ended, saved };
}

const latest = (prefix: string, name: string) =>
  join(prefix, "distill", name, "latest.safetensors");

/** Trains to the end; the student's numbers. */
async function train(ranks: number, prefix: string, name: string, ...more: string[]) {
  const { code, text } = await start(ranks, prefix, name, ...more).ended;
  assertEquals(code, 0, text);
  return numbers(prefix, name);
}

function numbers(prefix: string, name: string): Map<string, Float32Array> {
  const { tensors } = loadCheckpoint(latest(prefix, name));
  return new Map([...tensors].map(([key, { data }]) => [key, data as Float32Array]));
}

const all = (tensors: ReadonlyMap<string, Float32Array>) =>
  [...tensors].filter(([key]) => key.startsWith("student.")).flatMap(([, data]) => [...data]);

/** The processes of a run that are ranks. */
function processes(name: string): number[] {
  return [...Deno.readDirSync("/proc")].map((entry) => Number(entry.name)).filter((id) => {
    try {
      const words = Deno.readTextFileSync(`/proc/${id}/cmdline`).split("\0");
      return words[0].endsWith("deno") && words.includes(name);
    } catch {
      return false;
    }
  });
}

Deno.test(
  { name: "ranks train as one process does, killed and resumed too", ignore: !launcher },
  async () => {
    await inTempDir(async (prefix) => {
      const alone = await train(1, prefix, "alone");
      const two = await train(2, prefix, "two");
      assertClose(all(two), all(alone), 1e-5);
      assertClose(all(await train(4, prefix, "four")), all(alone), 1e-5);
      assertEquals(await train(2, prefix, "again"), two);

      // A rank is killed at a random time.
      const killed = start(2, prefix, "killed");
      await killed.saved(1);
      await new Promise((resolve) => setTimeout(resolve, 1000 * Math.random()));
      const ranks = processes("killed");
      assertEquals(ranks.length, 2);
      Deno.kill(ranks[Math.floor(2 * Math.random())], "SIGKILL");
      const before = performance.now();
      assertNotEquals((await killed.ended).code, 0);
      const milliseconds = performance.now() - before;
      assert(milliseconds < 5000, `the others lived ${milliseconds} ms longer`);
      assertEquals(processes("killed"), []);
      assertEquals(await train(2, prefix, "killed", "--resume"), two);
    });
  },
);

Deno.test({
  name: "a run of four ranks is stopped and goes on with one, and then with two",
  ignore: !launcher,
}, async () => {
  await inTempDir(async (prefix) => {
    const alone = await train(1, prefix, "alone");
    for (const [ranks, epoch, ...more] of [[4, 1], [1, 2, "--resume"]] as const) {
      const running = start(ranks, prefix, "moved", ...more);
      await running.saved(epoch);
      // A launcher may take its time to hand a signal on; any rank's stops all.
      Deno.kill(processes("moved").at(-1)!, "SIGINT");
      const { text } = await running.ended;
      const said = text.match(/stopped and saved at epoch/g) ?? [];
      assertEquals(said.length, 1, text);
    }
    assertClose(all(await train(2, prefix, "moved", "--resume")), all(alone), 1e-5);
  });
});
