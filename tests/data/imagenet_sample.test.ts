import { assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { decodeImage } from "../../src/data/decode/decode_image.ts";
import { Resampler } from "../../src/data/augment/resampler.ts";
import { readTar } from "../../src/data/cifar/read_tar.ts";
import { evalPixels } from "../../src/data/augment/transform_pixels.ts";
import { isFolder } from "../../src/formats/paths.ts";
import { readSafetensors } from "../../src/formats/safetensors/safetensors.ts";

const SHARED = new URL("../../../shared/", import.meta.url);

Deno.test({
  name: "evalPixels() of five ImageNet files gives torchvision's bytes",
  ignore: !isFolder(fromFileUrl(SHARED)),
  fn: async () => {
    const expected = readSafetensors(
      Deno.readFileSync(new URL("reference/golden/imagenet_val_transform.safetensors", SHARED)),
    ).tensors;
    const archive = Deno.readFileSync(new URL("data/imagenet-sample.tar", SHARED));
    const nameOf = (path: string) => path.split("/").at(-1)!;
    const files = await readTar([archive], {
      wanted: (path) => expected.has(nameOf(path)),
    });
    assertEquals(files.size, 5);
    const transform = { size: 224, resize: 256, cacheSide: 256, mean: [], std: [] };
    for (const [path, file] of files) {
      const { data } = evalPixels(await decodeImage(file), transform, new Resampler());
      assertEquals(data, expected.get(nameOf(path))!.data as Uint8Array, path);
    }
  },
});
