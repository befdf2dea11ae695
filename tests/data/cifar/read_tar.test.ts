import { assertEquals, assertRejects } from "@std/assert";
import { readTar } from "../../../src/data/cifar/read_tar.ts";
import { fixturePath } from "../image_fixture.ts";

async function archive(): Promise<Uint8Array> {
  const packed = new Blob([Deno.readFileSync(fixturePath("data_cifar.tar.gz"))]).stream();
  const plain = packed.pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(plain).arrayBuffer());
}

Deno.test("readTar() gives the wanted files", async () => {
  const files = await readTar([await archive()], {
    wanted: (path) => path.startsWith("cifar-100-binary/"),
  });
  assertEquals([...files.keys()], [
    "cifar-100-binary/train.bin",
    "cifar-100-binary/test.bin",
    "cifar-100-binary/fine_label_names.txt",
  ]);
  assertEquals(files.get("cifar-100-binary/train.bin")!.length, 4 * 3074);
});

Deno.test("readTar() refuses damaged and shortened archives", async () => {
  const whole = await archive();
  const wanted = () => true;
  await assertRejects(
    () => readTar([whole.subarray(0, 5000)], { wanted }),
    Error,
    "ends too early",
  );
  await assertRejects(() => readTar([whole.subarray(0, 0)], { wanted }), Error, "ends too early");
  const damaged = whole.slice();
  damaged[3] ^= 1;
  await assertRejects(
    () => readTar([damaged], { wanted }),
    Error,
    "header of the archive is damaged",
  );
});

Deno.test("readTar() reads pieces of any size and lets go of the stream behind the end", async () => {
  const whole = await archive();
  const wanted = () => true;
  let given = 0;
  let isClosed = false;
  async function* pieces() {
    try {
      for (let at = 0; at < whole.length; at += 700) {
        given++;
        yield await Promise.resolve(whole.subarray(at, at + 700));
      }
      // What stands behind the end is not asked for.
      for (;;) yield new Uint8Array(2 ** 20);
    } finally {
      isClosed = true;
    }
  }
  assertEquals(await readTar(pieces(), { wanted }), await readTar([whole], { wanted }));
  assertEquals([given <= Math.ceil(whole.length / 700), isClosed], [true, true]);
});

Deno.test("readTar() gives up an archive and a file that are larger than they may be", async () => {
  const whole = await archive();
  const wanted = () => true;
  await assertRejects(
    () => readTar([whole], { wanted, largest: 20_000 }),
    Error,
    "it holds more than 20000 bytes",
  );
  await assertRejects(
    () => readTar([whole], { wanted, largestFile: 2000 }),
    Error,
    "bytes, which is too much",
  );
});
