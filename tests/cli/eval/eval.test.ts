import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { loadCheckpoint, saveCheckpoint } from "../../../src/run/checkpoints/checkpoint.ts";
import { cli, writeTeacher } from "../helpers.ts";
import { inTempDir } from "../../temp_dir.ts";

interface Report {
  dataset: string;
  images: number;
  top1: number;
  classes: { label: number; name: string; images: number; correct: number; top1: number | null }[];
}

/** A configuration file for 20 validation images of each class. */
function writeConfig(folder: string, more = ""): string {
  const path = join(folder, "validation.yaml");
  Deno.writeTextFileSync(path, `DATASET:\n  TYPE: fashion_mnist\n  VALIDATION: 20\n${more}`);
  return path;
}

Deno.test("eval reports classes that add up to the whole, as a table and as JSON", async () => {
  await inTempDir(async (folder) => {
    const args = ["eval", "-c", await writeTeacher(folder), "--cfg", writeConfig(folder)];
    const json = await cli(...args, "-bs", "64", "--per-class", "label", "--json");
    assertEquals(json.status, 0, json.stderr);
    const report: Report = JSON.parse(json.stdout);
    assertEquals([report.images, report.classes.length], [200, 10]);
    assertEquals(report.classes.map(({ label }) => label), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert(report.classes.every(({ images }) => images === 20));
    const correct = report.classes.reduce((sum, each) => sum + each.correct, 0);
    assertEquals(report.top1, 100 * correct / 200);
    assertEquals(report.classes[0].top1, 5 * report.classes[0].correct);
    const text = await cli(...args, "--per-class");
    const rows = [
      ...text.stdout.matchAll(/^\| (.+?) +\| +(\d) \| +20 \| +(\d+) \| +[\d.]+ % \|$/gm),
    ];
    assertEquals(rows.length, 10);
    const counts = rows.map(([, , , correct]) => Number(correct));
    assertEquals(counts, counts.toSorted((a, b) => a - b));
    assertEquals(
      Object.fromEntries(rows.map(([, name, , correct]) => [name, Number(correct)])),
      Object.fromEntries(report.classes.map(({ name, correct }) => [name, correct])),
    );
    const plain = await cli(...args, "--json");
    assert(!("classes" in JSON.parse(plain.stdout)));
  });
});

Deno.test("eval finds the weights that a data set's teachers are loaded from", async () => {
  await inTempDir(async (folder) => {
    const cfg = writeConfig(folder);
    const found = await cli("eval", "-m", "resnet20", "-c", "pretrain", "--cfg", cfg);
    assertEquals(found.status, 0, found.stderr);
    assertMatch(found.stdout, /^resnet20 from checkpoints\/fashion_mnist\/resnet20\.safetensors/);
    const missing = await cli("eval", "-m", "resnet44", "-d", "cifar100");
    assertEquals(missing.status, 1);
    assertStringIncludes(missing.stderr, "error: there are no weights of resnet44 for cifar100");
    assertStringIncludes(missing.stderr, "checkpoints/cifar100/resnet44.pth");
    const nameless = await cli("eval");
    assertEquals(nameless.status, 1);
    assertStringIncludes(nameless.stderr, "--ckpt pretrain wants --model, or --cfg");
    const order = await cli("eval", "-c", "x", "--per-class", "best");
    assertEquals(order.status, 1);
    assertStringIncludes(order.stderr, "--per-class must be one of worst, label; got best");
    const named = writeConfig(
      folder,
      `DISTILLER:\n  TEACHER: resnet8\n  TEACHER_CHECKPOINT: ${await writeTeacher(folder)}\n`,
    );
    const own = await cli("eval", "--cfg", named, "--json");
    assertEquals(own.status, 0, own.stderr);
    assertEquals(JSON.parse(own.stdout).model, "resnet8");
  });
});

Deno.test("eval takes the data set from the command line, a file or the checkpoint, in this order", async () => {
  await inTempDir(async (folder) => {
    const ckpt = await writeTeacher(folder);
    const own = await cli("eval", "-c", ckpt, "--json", "DATASET.VALIDATION", "3");
    assertEquals(own.status, 0, own.stderr);
    const { dataset, images }: Report = JSON.parse(own.stdout);
    assertEquals([dataset, images], ["fashion_mnist/validation", 30]);
    const root = join(folder, "nowhere");
    const other = await cli("eval", "-c", ckpt, "-d", "cifar10", "DATASET.ROOT", root);
    assertEquals(other.status, 1);
    assertStringIncludes(other.stderr, `there is no CIFAR-10 in ${root}`);
    const file = await cli("eval", "-c", ckpt, "--cfg", writeConfig(folder), "DATASET.ROT", "x");
    assertEquals(file.status, 1);
    assertStringIncludes(file.stderr, "unknown key DATASET.ROT; did you mean DATASET.ROOT?");
  });
});

Deno.test("eval names the tensor of weights that are not finite, and tells of a loss that is not", async () => {
  await inTempDir(async (folder) => {
    const ckpt = await writeTeacher(folder);
    const spoil = (name: string, value: number) => {
      const { tensors, metadata } = loadCheckpoint(ckpt);
      const path = join(folder, `${name}.safetensors`);
      const data = (tensors.get(name)!.data as Float32Array).slice().fill(value, 0, 1);
      const spoiled = new Map(tensors).set(name, { ...tensors.get(name)!, data });
      saveCheckpoint(path, spoiled as never, metadata);
      return ["eval", "-c", path, "--cfg", writeConfig(folder)];
    };
    for (
      const [name, value, what] of [
        ["conv1.weight", NaN, "NaN in conv1.weight (1 of 144 numbers)"],
        ["layer3.0.bn2.running_var", Infinity, "inf in layer3.0.bn2.running_var (1 of 64 numbers)"],
      ] as const
    ) {
      const { status, stderr, stdout } = await cli(...spoil(name, value));
      assertEquals([status, stdout], [1, ""]);
      assertMatch(
        stderr,
        /^error: the model resnet8 in .* is no use: its weights are not all finite/m,
      );
      assertStringIncludes(stderr, what);
    }
    const { status, stderr, stdout } = await cli(...spoil("fc.bias", 3e38), "--json");
    assertEquals(status, 0, stderr);
    assertMatch(stderr, /^warning: the loss is (inf|NaN): the weights in /m);
    assertEquals(JSON.parse(stdout).loss, null);
  });
});
