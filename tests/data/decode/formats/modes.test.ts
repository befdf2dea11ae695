import { gunzipSync } from "node:zlib";
import { assert, assertEquals } from "@std/assert";
import { decodeImage } from "../../../../src/data/decode/decode_image.ts";
import { bytes } from "../../image_fixture.ts";

interface Mode {
  name: string;
  file: string;
  width: number;
  height: number;
  /** Pillow's; null where it refuses the file. */
  pixels: string | null;
}

/** Made by tests/fixtures/data/make_image_modes.py. */
const MODES: Mode[] = JSON.parse(
  new TextDecoder().decode(
    gunzipSync(
      Deno.readFileSync(new URL("../../../fixtures/data/image_modes.json.gz", import.meta.url)),
    ),
  ),
);

/** How a file is decoded otherwise than by Pillow; nothing where it is not. */
async function difference({ file, width, height, pixels }: Mode): Promise<string[]> {
  let image;
  try {
    image = await decodeImage(bytes(file));
  } catch (error) {
    return pixels === null ? [] : [`is refused: ${(error as Error).message}`];
  }
  if (pixels === null) return ["is not refused"];
  if (image.width !== width || image.height !== height) return ["has another size"];
  const expected = bytes(pixels);
  const wrong = expected.findIndex((value, i) => image.data[i] !== value);
  return wrong < 0 && image.data.length === expected.length ? [] : [`differs at ${wrong}`];
}

for (const kind of ["bmp", "p[gp]m", "png", "jpg", "webp", "tif"]) {
  Deno.test(`decodeImage() shows .${kind} files of every mode as Pillow does, and refuses what it refuses`, async () => {
    const modes = MODES.filter(({ name }) => new RegExp(`\\.${kind}$`).test(name));
    const wrong: string[] = [];
    for (const mode of modes) {
      wrong.push(...(await difference(mode)).map((how) => `${mode.name} ${how}`));
    }
    assertEquals(wrong, []);
    assert(modes.length > 8);
  });
}
