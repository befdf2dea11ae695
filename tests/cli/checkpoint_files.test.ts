import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { describeFit, fittingModels, isBatchCounter } from "../../src/models/fitting_models.ts";
import { modelShapes } from "../../src/models/model_cost.ts";
import { MODEL_FAMILIES } from "../../src/models/family.ts";
import { modelNames } from "../../src/models/registry.ts";
import { FormatError } from "../../src/formats/format_error.ts";
import { toFloat32, writeSafetensors } from "../../src/formats/safetensors/safetensors.ts";
import { PyOrderedDict } from "../../src/formats/pickle/python.ts";
import { writeTorch } from "../../src/formats/torch/write_torch.ts";
import { loadCheckpoint } from "../../src/run/checkpoints/checkpoint.ts";
import { writeCostMatrix } from "../../src/run/cost_matrix/cost_matrix_file.ts";
import { fixturePath, notFilled, REFERENCE } from "../formats/pth.ts";
import { assertFails, cli } from "./helpers.ts";
import { inTempDir } from "../temp_dir.ts";

const TEACHER = "checkpoints/fashion_mnist/resnet20.safetensors";

/** Tensors in bits, whatever file they are in. */
function bits(path: string, prefix = ""): Record<string, string> {
  return Object.fromEntries(
    [...loadCheckpoint(path).tensors].map(([name, { dtype, data }]) => {
      // A counter has 64 bits in PyTorch and 32 here.
      const counter = name.endsWith("num_batches_tracked");
      if (counter) return [name.slice(prefix.length), String(data[0])] as const;
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      return [name.slice(prefix.length), `${dtype} ${bytes.toBase64()}`] as const;
    }).sort(),
  );
}

Deno.test("convert goes from safetensors to torch and back, bit for bit and with the metadata", async () => {
  await inTempDir(async (folder) => {
    const [torch, back] = [join(folder, "t.pth"), join(folder, "t.safetensors")];
    const there = await cli("convert", TEACHER, torch);
    assertEquals([there.status, there.stderr], [0, ""]);
    assertStringIncludes(there.stdout, "t.pth: ");
    assertStringIncludes(there.stdout, "(safetensors)");
    const again = await cli("convert", torch, back);
    assertEquals(again.status, 0, again.stderr);
    assertEquals(bits(back), bits(TEACHER));
    assertEquals(bits(torch, "model."), bits(TEACHER));
    const counter = loadCheckpoint(torch).tensors.get("model.bn1.num_batches_tracked")!;
    assertEquals(counter.dtype, "I64");
    assertEquals(loadCheckpoint(back).metadata, loadCheckpoint(TEACHER).metadata);
    await assertFails(
      ["convert", TEACHER, torch],
      "t.pth is already there; replace it with --overwrite",
    );
    const over = await cli("convert", TEACHER, torch, "--overwrite", "--dtype", "bfloat16");
    assertEquals(over.status, 0, over.stderr);
    const half = loadCheckpoint(torch).tensors.get("model.conv1.weight")!;
    const whole = loadCheckpoint(TEACHER).tensors.get("conv1.weight")!;
    assertEquals(half.dtype, "BF16");
    const exact = toFloat32(whole);
    assert(toFloat32(half).every((x, i) => Math.abs(x - exact[i]) <= 2 ** -8 * Math.abs(exact[i])));
  });
});

Deno.test("convert takes the student out of the authors' latest and names what it leaves out", async () => {
  await inTempDir(async (folder) => {
    const out = join(folder, "student.safetensors");
    const { status, stdout, stderr } = await cli("convert", fixturePath("latest.pth"), out);
    assertEquals(status, 0, stderr);
    assertStringIncludes(stdout, "8 tensors of");
    assertStringIncludes(stdout, "left out: optimizer, teacher, conv_reg");
    const { tensors, metadata } = loadCheckpoint(out);
    assertEquals(notFilled(tensors, "tiny."), []);
    assertEquals(metadata, { format: "pt", epoch: "7", best_acc: "61.25" });
  });
});

Deno.test("convert makes a cost matrix what the authors publish, and back", async () => {
  await inTempDir(async (folder) => {
    const from = "wkd_cost_matrix/fashion_mnist/resnet20/linear_cka.safetensors";
    const [torch, back] = [join(folder, "linear_cka.pth"), join(folder, "back.safetensors")];
    assertEquals((await cli("convert", from, torch)).status, 0);
    assertEquals([...loadCheckpoint(torch).tensors.keys()], [""]);
    assertEquals((await cli("convert", torch, back)).status, 0);
    assertEquals(bits(back), bits(from));
  });
});

Deno.test("convert refuses what it cannot do", async () => {
  await inTempDir(async (folder) => {
    await assertFails(
      ["convert", TEACHER, join(folder, "a.onnx")],
      "extension .onnx says no format",
    );
    await assertFails(
      ["convert", "none.pth", join(folder, "a.pth")],
      "cannot read the checkpoint none.pth",
    );
    await assertFails(
      [
        "convert",
        fixturePath("legacy.pth"),
        join(folder, "a.pth"),
        "--dtype",
        "int8",
      ],
      "--dtype must be one of float32, float16, bfloat16; got int8",
    );
    const numbers = join(folder, "numbers.pkl");
    Deno.writeTextFileSync(numbers, "1 2 3 4 5 6");
    await assertFails(
      ["inspect", numbers],
      "numbers.pkl cannot be read as a checkpoint: it is neither",
    );
  });
});

Deno.test("inspect lists tensors and other entries, and says which model fits", async () => {
  const plain = await cli("inspect", TEACHER);
  assertEquals(plain.status, 0, plain.stderr);
  assertStringIncludes(plain.stdout, "fits resnet20 (10 classes, 1 channel)");
  assertStringIncludes(plain.stdout, "| conv1.weight ");
  assertStringIncludes(plain.stdout, "[16, 1, 3, 3]");
  const authors = await cli("inspect", fixturePath("latest.pth"), "--stats");
  assertStringIncludes(authors.stdout, "torch.save (zip, since PyTorch 1.6)");
  assertStringIncludes(
    authors.stdout,
    "8 tensors under model.student, fits none that is known here",
  );
  assertStringIncludes(authors.stdout, "beside it: epoch, optimizer, best_acc, teacher, conv_reg");
  assert(/best_acc +61.25/.test(authors.stdout), authors.stdout);
  assert(
    /\| model\.module\.student\.bn1\.running_var +\| +F32 \| +\[4\] \| +0\.\d+/
      .test(authors.stdout),
  );
  const json = JSON.parse(
    (await cli("inspect", fixturePath("legacy.pth"), "--json", "--stats")).stdout,
  );
  assertEquals([json.kind, json.tensors.length, json.others.epoch, json.others.best_acc], [
    "legacy",
    9,
    240,
    61.25,
  ]);
  assertEquals(json.tensors[0].name, "model.conv1.weight");
  assert(json.tensors[0].statistics.min < json.tensors[0].statistics.mean);
});

Deno.test({
  name: "inspect knows the reference's checkpoints for what they are",
  ignore: REFERENCE === null,
  async fn() {
    const path = fromFileUrl(new URL("pth/resnet8_dataparallel_prefix.pth", REFERENCE!));
    const { stdout } = await cli("inspect", path);
    assertStringIncludes(
      stdout,
      "56 tensors under state_dict, fits resnet8 (100 classes, 3 channels)",
    );
    const matrix = fromFileUrl(
      new URL("wkd_cost_matrix/cifar100/wrn_40_2/linear_cka.pth", REFERENCE!),
    );
    assertStringIncludes((await cli("inspect", matrix)).stdout, "[100, 100]");
  },
});

Deno.test("fittingModels() knows every model, whatever its classes and channels", () => {
  const options = { numClasses: 7, inChannels: 1 };
  for (const family of MODEL_FAMILIES) {
    for (const name of modelNames(family)) {
      const { models, nearest } = fittingModels(modelShapes(name, { family, ...options }));
      const found = models.map((model) => ({ ...model }));
      assert(
        found.some((model) => model.name === name && model.family === family),
        `${family} ${name} fits ${models.map(describeFit).join(", ") || nearest?.name}`,
      );
      assertEquals(found.map(({ numClasses, inChannels }) => [numClasses, inChannels])[0], [7, 1]);
    }
  }
  const shapes = modelShapes("resnet8");
  for (const name of [...shapes.keys()].filter(isBatchCounter)) shapes.delete(name);
  assertEquals(fittingModels(shapes).models.map(({ name }) => name), ["resnet8"]);
  shapes.delete("fc.bias");
  const { models, nearest } = fittingModels(shapes);
  assertEquals([models, nearest], [[], { name: "resnet8", matching: 46 }]);
});

Deno.test("inspect says of a cost matrix of either format how many classes it has", async () => {
  await inTempDir(async (folder) => {
    const cost = "wkd_cost_matrix/fashion_mnist/resnet20/linear_cka.safetensors";
    const torch = join(folder, "cost.pth");
    assertEquals((await cli("convert", cost, torch)).status, 0);
    for (const path of [cost, torch]) {
      const { stdout } = await cli("inspect", path);
      assertStringIncludes(stdout, "  tensors  1, with 100 numbers\n");
      assertStringIncludes(stdout, "  content  cost matrix of 10 classes\n");
      const json = JSON.parse((await cli("inspect", path, "--json")).stdout);
      assertEquals([json.costMatrixClasses, json.model], [10, null]);
    }
  });
});

Deno.test("inspect tells a number without dimensions once", async () => {
  const { stdout } = await cli("inspect", fixturePath("legacy.pth"));
  assertEquals(stdout.match(/best_acc +61.25/g)?.length, 1);
  assert(!stdout.includes("| best_acc"), stdout);
  assertStringIncludes(stdout, "| model.bn1.num_batches_tracked ");
});

Deno.test("inspect finds a changed byte in a tensor of a torch file", async () => {
  await inTempDir(async (folder) => {
    const torch = join(folder, "t.pth");
    await cli("convert", TEACHER, torch);
    const bytes = Deno.readFileSync(torch);
    bytes[bytes.length >> 1] ^= 1;
    Deno.writeFileSync(torch, bytes);
    await assertFails(
      ["inspect", torch],
      "t.pth cannot be read as a checkpoint: the checksum of the entry",
      "damaged",
    );
  });
});

Deno.test("convert and cost-matrix refuse the same names", async () => {
  await inTempDir(async (folder) => {
    const out = join(folder, "x.bin");
    const refusal = `${out}: the extension .bin says no format; use .safetensors, or .pth`;
    await assertFails(["convert", TEACHER, out], refusal);
    await assertFails(["cost-matrix", "--ckpt", TEACHER, "--out", out], refusal);
    assertThrows(() => writeCostMatrix(out, new Float32Array(4), 2, {}), FormatError, refusal);
    assertEquals([...Deno.readDirSync(folder)], []);
    const bare = join(folder, "x");
    writeCostMatrix(bare, new Float32Array(4), 2, {});
    assertEquals(loadCheckpoint(bare).kind, "zip");
  });
});

Deno.test("eval loads a model without batch normalisation's counters, as torchvision's files are", async () => {
  await inTempDir(async (folder) => {
    const path = join(folder, "old.safetensors");
    const { tensors } = loadCheckpoint(TEACHER);
    const old = new Map([...tensors].filter(([name]) => !isBatchCounter(name)));
    Deno.writeFileSync(path, writeSafetensors(old));
    assertStringIncludes(
      (await cli("inspect", path)).stdout,
      "fits resnet20 (10 classes, 1 channel)",
    );
    const { status, stdout, stderr } = await cli(
      ...["eval", "-c", path, "-d", "fashion_mnist", "DATASET.VALIDATION", "2"],
    );
    assertEquals(status, 0, stderr);
    const fit = "which model it holds; its tensors fit resnet20 (10 classes, 1 channel)";
    assertStringIncludes(stderr, fit);
    assertStringIncludes(stdout, "images  20");
  });
});

Deno.test("inspect and convert find averaged weights, name what is not read and take another entry", async () => {
  await inTempDir(async (folder) => {
    const path = join(folder, "deit.pth");
    const { tensors } = loadCheckpoint(TEACHER);
    const state = (factor: number) =>
      new PyOrderedDict([...tensors].map(([name, tensor]) => [name, {
        ...tensor,
        data: tensor.data instanceof Float32Array
          ? tensor.data.map((x) => factor * x)
          : tensor.data,
      }]));
    const ema = new Map([["module", state(2)]]);
    Deno.writeFileSync(path, writeTorch(new Map([["model_ema", ema]])));
    const alone = await cli("inspect", path);
    assertStringIncludes(alone.stdout, "tensors under model_ema.module, fits resnet20");
    Deno.writeFileSync(
      path,
      writeTorch(new Map<string, unknown>([["model_ema", ema], ["net_w", state(1)]])),
    );
    const both = await cli("inspect", path);
    assertStringIncludes(both.stdout, "under net_w, fits resnet20");
    assertStringIncludes(
      both.stdout,
      "others that fit: model_ema.module (convert --entry takes them)",
    );
    const out = join(folder, "out.safetensors");
    const first = await cli("convert", path, out);
    assertStringIncludes(first.stdout, ", under net_w; left out: model_ema");
    assertEquals(bits(out), bits(TEACHER));
    const other = await cli("convert", path, out, "--overwrite", "--entry", "model_ema.module");
    assertStringIncludes(other.stdout, ", under model_ema.module; left out: net_w");
    const [twice, once] = [out, TEACHER].map((file) =>
      loadCheckpoint(file).tensors.get("fc.weight")!.data[0] as number
    );
    assertEquals(twice, 2 * once);
    await assertFails(
      ["convert", path, out, "--overwrite", "--entry", "nothing"],
      'under "nothing"',
    );
    const seen = await cli("inspect", fixturePath("beside.pth"));
    assertStringIncludes(seen.stdout, "not read  args (argparse.Namespace), complex (complex)");
    await assertFails(
      ["convert", fixturePath("whole_module.pth"), out, "--overwrite"],
      "state_dict()",
    );
  });
});

Deno.test("inspect shows long names shortened, and refuses pipes, devices and what is no whole file at once", async () => {
  await inTempDir(async (folder) => {
    const path = join(folder, "file");
    const data = new Float32Array([1]);
    const name = "n".repeat(9000);
    Deno.writeFileSync(
      path,
      writeSafetensors(new Map([[name, { dtype: "F32", shape: [1], data }]])),
    );
    const { stdout } = await cli("inspect", path);
    assert(stdout.length < 2000, String(stdout.length));
    const pipe = join(folder, "pipe");
    new Deno.Command("mkfifo", { args: [pipe] }).outputSync();
    await assertFails(
      ["inspect", pipe],
      `cannot read the checkpoint ${pipe}: it is a pipe, not a file`,
    );
    await assertFails(["inspect", folder], "it is a folder, not a file");
    // Eight TiB of which all but the beginning are holes.
    for (
      const start of ["PK\x03\x04", "\x80\x02}", "nothing", `\x02\x00\x00\x00\x00\x00\x00\x00{}`]
    ) {
      Deno.writeFileSync(path, Uint8Array.from(start, (character) => character.charCodeAt(0)));
      Deno.truncateSync(path, 2 ** 43);
      await assertFails(["inspect", path], `${path} cannot be read as a checkpoint`);
    }
  });
});
