import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { metadatum, nodeTexts, portText, readOnnx } from "../export/read_onnx.ts";
import { inTempDir } from "../temp_dir.ts";
import { cli, writeTeacher } from "./helpers.ts";

async function fails(words: readonly string[], message: string): Promise<void> {
  const { status, stdout, stderr } = await cli("export", ...words);
  assertEquals([status, stdout], [1, ""], stderr);
  assertStringIncludes(stderr, message);
}

Deno.test("export writes a checkpoint as ONNX, with what it says of its images", async () => {
  await inTempDir(async (folder) => {
    const [teacher, to] = [await writeTeacher(folder), join(folder, "made/t.onnx")];
    const done = await cli("export", teacher, "--to", to, "--fold", "--preprocess", "--batch", "3");
    assertEquals([done.status, done.stderr], [0, ""]);
    assertStringIncludes(done.stdout, "resnet8, pixels uint8 [3, 28, 28, 1] -> logits [3, 10]");
    const file = readOnnx(Deno.readFileSync(to));
    assertEquals(file.graph.input.map(portText), ["pixels 2 3,28,28,1"]);
    assertEquals(file.graph.output.map(portText), ["logits 1 3,10"]);
    assertEquals(nodeTexts(file).slice(0, 2), [
      "Cast pixels -> pixels.float",
      "Transpose pixels.float -> pixels.planes",
    ]);
    assertEquals(metadatum(file, "model"), "resnet8");
    assertEquals(JSON.parse(metadatum(file, "classes")!)[9], "Ankle boot");
    const { channels, height, mean } = JSON.parse(metadatum(file, "preprocessing")!);
    assertEquals([channels, height, mean.length], [1, 28, 1]);
    assertStringIncludes(metadatum(file, "input")!, "normalised by the graph");
    assertEquals(file.producer_name, "wkd-for-deno");

    await fails([teacher, "--to", to], "t.onnx is already there; replace it with --overwrite");
    const again = await cli("export", "-c", teacher, "--overwrite", "--to", to);
    assertEquals(again.status, 0, again.stderr);
    assertEquals(readOnnx(Deno.readFileSync(to)).graph.input.map(portText), [
      "images 1 batch,1,28,28",
    ]);
  });
});

Deno.test("export says in a sentence what it cannot write", async () => {
  await inTempDir(async (folder) => {
    const teacher = await writeTeacher(folder);
    const onnx = join(folder, "a.onnx");
    await fails([teacher], "export wants to know what to write: --to FILE.onnx");
    await fails(["--to", onnx], "wants one run's folder or checkpoint");
    await fails([teacher, "--to", onnx, teacher], "wants one run's folder or checkpoint");
    await fails([teacher, "--to", join(folder, "a.tflite")], "use a name that ends in .onnx");
    await fails([teacher, "--to", onnx, "--batch", "0"], "--batch must be dynamic, or an integer");
    await fails([join(folder, "no.pth"), "--to", onnx], "there is no such file");
    await fails([folder, "--to", onnx], "is a folder without a checkpoint");
    await fails([teacher, "-m", "resnet20", "--to", onnx], "is not a resnet20");
    const file = join(folder, "file");
    Deno.writeTextFileSync(file, "");
    await fails([teacher, "--to", join(file, "a.onnx")], "cannot write ");
    assert(![...Deno.readDirSync(folder)].some(({ name }) => name.includes("onnx")));
  });
});
