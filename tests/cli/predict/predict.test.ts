import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { className } from "../../../src/cli/predict/predict_report.ts";
import { loadFashionMnist } from "../../../src/data/fashion_mnist/fashion_mnist.ts";
import type { ImageDataset } from "../../../src/data/image_dataset.ts";
import { createLoader } from "../../../src/data/loading/loader.ts";
import { openClassifier } from "../../../src/run/models/classifier.ts";
import { withoutPreact } from "../../../src/models/wanted_features.ts";
import { Folding } from "../../../src/nn/folding.ts";
import { noGrad } from "../../../src/tensor/autograd.ts";
import { tensor } from "../../../src/tensor/create.ts";
import { likeliest, type Prediction, Predictor } from "../../../src/train/predictor.ts";
import { device } from "../../helpers.ts";
import { inTempDir } from "../../temp_dir.ts";
import { cli, writeTeacher } from "../helpers.ts";

interface Document {
  model: string;
  pictures: { path: string; predictions: (Prediction & { name: string | null })[] }[];
  failures: { path: string; reason: string }[];
}

const COUNT = 20;

/** The first test images of Fashion-MNIST, 1,000 apart: two of each class. */
async function someImages(): Promise<ImageDataset> {
  const { test } = await loadFashionMnist();
  const places = Array.from({ length: COUNT }, (_, i) => 500 * i);
  const images = new Uint8Array(COUNT * 784);
  places.forEach((from, to) =>
    images.set(test.images.subarray(784 * from, 784 * (from + 1)), 784 * to)
  );
  const labels = Int32Array.from(places, (from) => test.labels[from]);
  return { ...test, length: COUNT, images, labels };
}

/** Writes the images as pictures, those of odd numbers into a folder below; returns their paths in the order of their names. */
function plant(folder: string, { images }: ImageDataset): string[] {
  const header = new TextEncoder().encode("P5 28 28 255\n");
  Deno.mkdirSync(join(folder, "z"), { recursive: true });
  return Array.from({ length: COUNT }, (_, i) => {
    const path = join(folder, i % 2 ? "z" : "", `${String(i).padStart(2, "0")}.pgm`);
    Deno.writeFileSync(
      path,
      new Uint8Array([...header, ...images.subarray(784 * i, 784 * (i + 1))]),
    );
    return path;
  });
}

Deno.test("Predictor gives the logits of an evaluation, bit for bit, and likeliest() sorts them", async () => {
  const gpu = await device();
  await inTempDir(async (folder) => {
    const { model } = openClassifier(await writeTeacher(folder));
    const data = await someImages();
    const [batch] = createLoader(data, { batchSize: COUNT, train: false }).epoch(1) as Iterable<
      { images: Float32Array }
    >;
    const images = tensor(batch.images, [COUNT, 1, 28, 28]);
    const folding = new Folding();
    const forward = () => model.forward(images).logits.keep();
    const logits = noGrad(() => folding.run(() => withoutPreact(forward)));
    const expected = await logits.data() as Float32Array;
    folding.dispose();
    const found: [Float32Array, number][] = [];
    const predictor = new Predictor<number>(gpu, model, [COUNT, 1, 28, 28], (values, tag) => {
      found.push([values, tag]);
    });
    for (let i = 0; i < 6; i++) await predictor.run(batch.images, i);
    await predictor.drain();
    assertEquals(found, Array.from({ length: 6 }, (_, i) => [expected, i]));
    const row = expected.subarray(0, 10);
    const sum = row.reduce((total, logit) => total + Math.exp(logit), 0);
    const all = likeliest(row, 20)!;
    assertEquals(all.map(({ label }) => label), [...row.keys()].sort((a, b) => row[b] - row[a]));
    for (const { label, probability } of all) {
      assert(Math.abs(probability - Math.exp(row[label]) / sum) < 1e-6);
    }
    assertEquals(likeliest(Float32Array.of(1, 3, 3, 2), 3)!.map(({ label }) => label), [1, 2, 3]);
    assertEquals(likeliest(Float32Array.of(1, NaN), 1), null);
    predictor.dispose();
    logits.dispose();
    images.dispose();
    model.dispose();
  });
});

Deno.test("predict tells of files, a folder and a pattern, names what cannot be read, and goes on", async () => {
  await inTempDir(async (folder) => {
    const ckpt = await writeTeacher(folder);
    const place = join(folder, "pictures, some");
    const paths = plant(place, await someImages());
    const evens = paths.filter((_, i) => i % 2 === 0);
    const inOrder = [...evens, ...paths.filter((_, i) => i % 2 === 1)];
    const broken = join(folder, "broken.png");
    Deno.writeFileSync(broken, Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0xd, 0xa, 0x1a, 0xa, 1]));
    Deno.writeTextFileSync(join(place, "notes.txt"), "no picture");
    const args = ["predict", "-c", ckpt, "--workers", "0"];
    const json = await cli(...args, place, "--json", "--top", "10");
    assertEquals(json.status, 0, json.stderr);
    const report: Document = JSON.parse(json.stdout);
    assertEquals(report.pictures.map(({ path }) => path), inOrder);
    assertEquals([report.model, report.failures], ["resnet8", []]);
    const { classes } = (await loadFashionMnist()).test;
    for (const { predictions } of report.pictures) {
      assertEquals(new Set(predictions.map(({ name }) => name)), new Set(classes));
      const sum = predictions.reduce((total, { probability }) => total + probability, 0);
      assert(Math.abs(sum - 1) < 1e-9);
    }
    const csv = join(folder, "new", "found.csv");
    const mixed = [join(place, "*.pgm"), broken, join(place, "z"), join(folder, "none.jpg")];
    const table = await cli(...args, "--csv", csv, "--top", "2", "-bs", "7", ...mixed);
    assertEquals([table.status, table.stdout], [1, ""]);
    assertStringIncludes(table.stderr, `cannot read ${broken}: `);
    assertMatch(table.stderr, /none\.jpg: there is no such file or folder\n/);
    assertStringIncludes(table.stderr, "error: 2 of 22 pictures could not be read, named above");
    const rows = Deno.readTextFileSync(csv).trimEnd().split("\n");
    assertEquals(rows.shift(), "path,rank,label,class,probability");
    const best = report.pictures.flatMap(({ path, predictions }) =>
      predictions.slice(0, 2).map(({ label, name }, at) => `"${path}",${at + 1},${label},${name},`)
    );
    assertEquals(rows.map((row) => row.replace(/[\d.e-]+$/, "")), best);
    const again = await cli(...args, "--csv", csv, ...mixed);
    assertEquals(again.status, 1);
    assertStringIncludes(again.stderr, "found.csv is already there; replace it with --overwrite");
    const names = join(folder, "names.txt");
    Deno.writeTextFileSync(names, 'a,b\nc"d\ne\nf\ng\nh\ni\nj\nk\nl\n');
    const own = await cli(
      ...args,
      "--classes",
      names,
      "--csv",
      csv,
      "--overwrite",
      "--top",
      "10",
      evens[0],
    );
    assertEquals(own.status, 0, own.stderr);
    const quoted = Deno.readTextFileSync(csv);
    assert(quoted.includes(',0,"a,b",') && quoted.includes(',1,"c""d",'), quoted);
    assertEquals(quoted.trimEnd().split("\n").length, 11);
    const text = await cli(...args, evens[0], "--top", "1");
    const { label, probability } = report.pictures[0].predictions[0];
    const percent = (100 * probability).toFixed(2).padStart(6);
    assertEquals(text.stdout, `${percent} %  ${className(classes, label)}  ${evens[0]}\n`);
    assertEquals(text.stderr, "");
  });
});

Deno.test("predict reads a picture from standard input, with the permissions of its task", async () => {
  await inTempDir(async (folder) => {
    const data = await someImages();
    const [path] = plant(folder, data);
    const root = fromFileUrl(new URL("../../..", import.meta.url));
    const ckpt = "checkpoints/fashion_mnist/resnet20.safetensors";
    const args = [
      "run",
      "-q",
      "--no-check",
      "-P=predict",
      "mod.ts",
      "predict",
      "-c",
      ckpt,
      "-",
      "--top",
      "2",
    ];
    const child = new Deno.Command(Deno.execPath(), {
      args,
      cwd: root,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(Deno.readFileSync(path));
    await writer.close();
    const { code, stdout, stderr } = await child.output();
    const text = new TextDecoder().decode(stdout);
    assertEquals(code, 0, new TextDecoder().decode(stderr));
    assertMatch(text, /^-\n +\d+\.\d\d % {2}T-shirt\/top\n +\d+\.\d\d % {2}\S+/);
  });
});

Deno.test("predict refuses what it cannot do in one sentence", async () => {
  await inTempDir(async (folder) => {
    const ckpt = await writeTeacher(folder);
    const fails = async (args: string[], message: string) => {
      const { status, stdout, stderr } = await cli("predict", ...args);
      assertEquals([status, stdout], [1, ""], stderr);
      assertStringIncludes(stderr, message);
      assert(!/^\s+at /m.test(stderr), stderr);
    };
    await fails(["x.png"], "required option '-c, --ckpt <path>' not specified");
    await fails(["-c", ckpt], "missing required argument 'pictures'");
    await fails(
      ["-c", ckpt, "x.png", "--top", "0"],
      "--top must be an integer of at least 1; got 0",
    );
    await fails(["-c", ckpt, "x.png", "--mean", "a"], "--mean must be numbers with commas between");
    await fails(["-c", ckpt, "x.png", "--std", "0"], "--std must be numbers above 0");
    await fails(["-c", ckpt, "x.png", "-d", "cifar"], "there is no data set");
    await fails(
      ["-c", ckpt, "x.png", "-d", "cifar10"],
      "images of cifar10 have 3 channels, and the",
    );
    await fails(["-c", folder, "x.png"], "is a folder without a checkpoint");
    const names = join(folder, "names.json");
    Deno.writeTextFileSync(names, '{"0": ["n1", "cat"], "1": ["n2", "dog"]}');
    await fails(["-c", ckpt, "x.png", "--classes", names], "--classes names 2 classes, and the");
    Deno.writeTextFileSync(names, '{"1": "cat"}');
    await fails(["-c", ckpt, "x.png", "--classes", names], "is no list of class names");
    Deno.writeTextFileSync(names, "cat\n\ndog");
    await fails(["-c", ckpt, "x.png", "--classes", names], "has no name for class 1");
    await fails(["-c", ckpt, "none.png"], "cannot read none.png: there is no such file or folder");
    await fails(["-c", ckpt, "none*.png"], "cannot read none*.png: nothing matches it");
  });
});
