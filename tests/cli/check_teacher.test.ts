import { assertEquals, assertStringIncludes } from "@std/assert";
import { cli, inTempDir } from "./helpers.ts";

Deno.test("train says where it looked for a teacher that nobody named", async () => {
  await inTempDir(async (folder) => {
    const cfg = "configs/cifar100/dkd/wrn40_2_wrn16_2.yaml";
    const { status, stderr } = await cli("train", "--cfg", cfg, "LOG.PREFIX", folder);
    assertEquals(status, 1);
    assertStringIncludes(
      stderr,
      "there is no checkpoint of the teacher wrn_40_2: none of checkpoints/cifar100/wrn_40_2.",
    );
    assertStringIncludes(stderr, "name it with DISTILLER.TEACHER_CHECKPOINT");
  });
});
