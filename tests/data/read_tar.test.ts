import { assertEquals, assertThrows } from "@std/assert";
import { readTar } from "../../src/data/read_tar.ts";
import { fixturePath } from "./image_fixture.ts";

async function archive(): Promise<Uint8Array> {
  const packed = new Blob([Deno.readFileSync(fixturePath("data_cifar.tar.gz"))]).stream();
  const plain = packed.pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(plain).arrayBuffer());
}

Deno.test("readTar() gives the wanted files", async () => {
  const files = readTar(await archive(), (path) => path.startsWith("cifar-100-binary/"));
  assertEquals([...files.keys()], [
    "cifar-100-binary/train.bin",
    "cifar-100-binary/test.bin",
    "cifar-100-binary/fine_label_names.txt",
  ]);
  assertEquals(files.get("cifar-100-binary/train.bin")!.length, 4 * 3074);
});

Deno.test("readTar() refuses damaged and shortened archives", async () => {
  const whole = await archive();
  assertThrows(() => readTar(whole.subarray(0, 5000), () => true), Error, "ends too early");
  assertThrows(() => readTar(whole.subarray(0, 0), () => true), Error, "ends too early");
  const damaged = whole.slice();
  damaged[3] ^= 1;
  assertThrows(() => readTar(damaged, () => true), Error, "header of the archive is damaged");
});
