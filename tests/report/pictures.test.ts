import { assert, assertEquals } from "@std/assert";
import { decodeImage } from "../../src/data/decode/decode_image.ts";
import { fromBase64 } from "../../src/report/client/bytes.ts";
import { pictureAddress } from "../../src/report/model/pictures.ts";
import { uniforms } from "../helpers.ts";

const bytesOf = (address: string) => fromBase64(address.split(",")[1]);

Deno.test("pictureAddress() gives a picture's bytes back, a large one in small", async () => {
  const bytes = Uint8Array.from(uniforms("picture", 3 * 5 * 7), (u) => Math.floor(256 * u));
  const look = { channels: 3, height: 5, width: 7, mean: [0.5, 0.4, 0.3], std: [0.2, 0.3, 0.25] };
  const image = Float32Array.from(bytes, (byte, i) => {
    const c = Math.floor(i / 35);
    return (byte / 255 - look.mean[c]) / look.std[c];
  });
  const { data, width, height } = await decodeImage(bytesOf(await pictureAddress(image, look)));
  assertEquals([width, height], [7, 5]);
  const planes = Array.from({ length: 105 }, (_, i) => data[3 * (i % 35) + Math.floor(i / 35)]);
  assertEquals(planes, [...bytes]);
  const grey = { channels: 1, height: 200, width: 100, mean: [0.5], std: [0.5] };
  const large = new Float32Array(20_000).fill(0.2);
  const small = await decodeImage(bytesOf(await pictureAddress(large, grey)));
  assertEquals([small.width, small.height, small.data[0]], [33, 66, 153]);
});

Deno.test("pictureAddress() lays heat over a picture, between the cells as between them", async () => {
  const look = { channels: 1, height: 8, width: 8, mean: [0], std: [1] };
  const heat = { values: Float32Array.of(0, 1), rows: 1, columns: 2 };
  const address = await pictureAddress(new Float32Array(64), look, heat);
  const { data } = await decodeImage(bytesOf(address));
  const greens = Array.from({ length: 8 }, (_, x) => data[3 * x + 1]);
  assertEquals(greens, greens.toSorted((a, b) => a - b));
  assert(greens[7] > greens[0] + 100, greens.join());
});
