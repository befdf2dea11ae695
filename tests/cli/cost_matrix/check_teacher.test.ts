import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { cli } from "../helpers.ts";
import { inTempDir } from "../../temp_dir.ts";

Deno.test("train says where it looked for a teacher that nobody named", async () => {
  await inTempDir(async (folder) => {
    const cfg = "configs/cifar100/dkd/wrn40_2_wrn_16_2.yaml";
    const { status, stderr } = await cli("train", "--cfg", cfg, "LOG.PREFIX", folder);
    assertEquals(status, 1);
    assertStringIncludes(
      stderr,
      "there is no checkpoint of the teacher wrn_40_2: none of checkpoints/cifar100/wrn_40_2.",
    );
    assertStringIncludes(stderr, "name it with DISTILLER.TEACHER_CHECKPOINT");
    assert(!stderr.includes("torchvision"), stderr);
  });
});

Deno.test("train and eval say that torchvision's file of an ImageNet teacher works", async () => {
  await inTempDir(async (folder) => {
    const cfg = "configs/imagenet/r34_r18/wkd_l.yaml";
    for (
      const args of [
        ["train", "--cfg", cfg, "LOG.PREFIX", folder],
        ["eval", "-m", "ResNet34", "-d", "imagenet"],
      ]
    ) {
      const { status, stderr } = await cli(...args);
      assertEquals(status, 1);
      assertStringIncludes(stderr, "checkpoints/imagenet/ResNet34.pth is there");
      assertStringIncludes(
        stderr,
        "torchvision's IMAGENET1K_V1 file of it (resnet34-b627a593.pth) works too",
      );
    }
  });
});
