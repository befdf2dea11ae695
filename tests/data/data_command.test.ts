import { join } from "@std/path";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { cli } from "../cli/helpers.ts";
import { writeImageFolder } from "./image_fixture.ts";
import { inTempDir } from "../temp_dir.ts";

Deno.test("data download refuses what it does not know", async () => {
  const dataset = await cli("data", "download", "mnist");
  assertEquals(dataset.status, 1);
  assertStringIncludes(dataset.stderr, 'no download for "mnist"; there is for cifar10, cifar100');
  const url = await cli("data", "download", "cifar10", "--url", "here");
  assertEquals(url.status, 1);
  assertStringIncludes(url.stderr, "--url wants an address such as https://");
  const none = await cli("data", "download");
  assertEquals(none.status, 1);
  assertEquals(none.stderr.trim().split("\n").length, 1);
});

Deno.test("data download takes a mirror and keeps nothing that is not the published file", async () => {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response("something else"),
  );
  try {
    await inTempDir(async (root) => {
      const url = `http://127.0.0.1:${server.addr.port}/c.tar.gz`;
      const { status, stderr } = await cli(
        "data",
        "download",
        "cifar100",
        "--root",
        root,
        "--url",
        url,
      );
      assertEquals(status, 1);
      assertStringIncludes(stderr, "has 14 bytes, but the published file has 169001437");
      assertEquals([...Deno.readDirSync(root)], []);
    });
  } finally {
    await server.shutdown();
  }
});

Deno.test("data bench prints the speed of both loaders", async () => {
  await inTempDir(async (root) => {
    writeImageFolder(root);
    const { status, stdout, stderr } = await cli(
      ...["data", "bench", "--batches", "3", "DATASET.TYPE", "image_folder", "DATASET.ROOT", root],
      ...["DATASET.TRANSFORM", "imagenet", "DATASET.IMAGE_SIZE", "16", "DATASET.NUM_WORKERS", "0"],
      ...["SOLVER.BATCH_SIZE", "2", "DATASET.TEST.BATCH_SIZE", "2"],
      ...["DATASET.AUGMENT.RAND_AUGMENT_OPS", "1", "DATASET.AUGMENT.COLOR_JITTER_HUE", "0.1"],
    );
    assertEquals(status, 0, stderr);
    const varied = "RandAugment 1 x 9, colour jitter";
    assertMatch(
      stdout,
      new RegExp(`^image_folder/train {2}16 x 16, 0 workers, ${varied} {2}\\d+ images/s\n`),
    );
    assertMatch(stdout, /\nimage_folder\/val {2}16 x 16, 0 workers {2}\d+ images\/s\n$/);
    const missing = await cli(
      "data",
      "bench",
      "DATASET.TYPE",
      "cifar100",
      "DATASET.ROOT",
      join(root, "no"),
    );
    assertEquals(missing.status, 1);
    assertStringIncludes(missing.stderr, "there is no CIFAR-100 in ");
  });
});
