import { assert, assertEquals, assertRejects } from "@std/assert";
import { crc32, crc32c } from "../../../src/formats/crc32.ts";
import { encodeEvent, tfRecord } from "../../../src/formats/tensorboard/event.ts";
import { encodePng } from "../../../src/formats/tensorboard/png.ts";
import { ProtoWriter } from "../../../src/formats/tensorboard/proto_writer.ts";
import { at, decode, readEvents, readRecords, slowCrc32c } from "./decode.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("crc32() and crc32c() give the published check values", () => {
  assertEquals(crc32(bytes("123456789")), 0xcbf43926);
  assertEquals(crc32c(bytes("123456789")), 0xe3069283);
  // RFC 3720, B.4: 32 bytes of zeros, and of ones.
  assertEquals(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assertEquals(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
  assertEquals(crc32c(new Uint8Array()), 0);
  const long = Uint8Array.from({ length: 1000 }, (_, i) => (i * i) % 251);
  assertEquals(crc32c(long), slowCrc32c(long));
});

Deno.test("tfRecord() frames data so that damage shows", () => {
  for (const length of [0, 1, 300]) {
    const data = Uint8Array.from({ length }, (_, i) => i);
    const record = tfRecord(data);
    assertEquals(record.length, 16 + length);
    assertEquals(readRecords(record), [data]);
  }
  const [one, two] = [tfRecord(bytes("one")), tfRecord(bytes("two"))];
  assertEquals(readRecords(Uint8Array.from([...one, ...two])), [bytes("one"), bytes("two")]);
  // TensorFlow's own writer frames an empty record so.
  assertEquals([...tfRecord(new Uint8Array())].slice(8), [
    ...[0x29, 0x03, 0x98, 0x07],
    ...[0xd8, 0xea, 0x82, 0xa2],
  ]);
});

Deno.test("ProtoWriter writes the wire format", () => {
  const wire = (writer: ProtoWriter) => [...writer.finish()];
  // The examples of the encoding guide: 150, "testing", and a message with 150.
  assertEquals(wire(new ProtoWriter().integer(1, 150)), [0x08, 0x96, 0x01]);
  assertEquals(wire(new ProtoWriter().bytes(2, "testing")), [0x12, 7, ...bytes("testing")]);
  const inner = new ProtoWriter().integer(1, 150);
  assertEquals(wire(new ProtoWriter().message(3, inner)), [0x1a, 3, 0x08, 0x96, 0x01]);
  assertEquals(wire(new ProtoWriter().integer(16, 0)), [0x80, 0x01, 0]);
  const large = decode(new ProtoWriter().integer(2, 2 ** 53 - 1).double(1, 0.1).finish());
  assertEquals(large, new Map([[2, [2 ** 53 - 1]], [1, [0.1]]]));
});

Deno.test("encodeEvent() writes versions, starts, numbers, texts and images", () => {
  const event = (content: Parameters<typeof encodeEvent>[0]["content"]) =>
    encodeEvent({ wallTime: 1.5, step: 300, content });
  const image = { height: 2, width: 3, png: Uint8Array.of(1, 2, 3) };
  const written = [
    event({ fileVersion: "brain.Event:2" }),
    event({ start: true }),
    event({ values: [{ tag: "a", scalar: 0.5 }, { tag: "nan", scalar: NaN }] }),
    event({ values: [{ tag: "t/text_summary", text: "ä" }, { tag: "i", image }] }),
  ];
  assertEquals(decode(written[0]).get(1), [1.5]);
  const file = new Uint8Array(concat(written.map(tfRecord)));
  assertEquals(readEvents(file), [
    { step: 300, what: "version", value: "brain.Event:2" },
    { step: 300, what: "start" },
    { step: 300, what: "a", value: 0.5 },
    { step: 300, what: "nan", value: NaN },
    { step: 300, what: "t/text_summary", value: "ä" },
    { step: 300, what: "i", value: image.png },
  ]);
  const [, bytes] = decode(decode(written[3]).get(5)![0] as Uint8Array).get(1)!;
  const value = decode(bytes as Uint8Array);
  assertEquals([1, 2, 3].map((field) => at(value, 4, field)), [2, 3, 3]);
});

function concat(parts: Uint8Array[]): number[] {
  return parts.flatMap((part) => [...part]);
}

/** Height, width and pixels of a PNG file without filters. */
async function readPng(file: Uint8Array): Promise<[number, number, Uint8Array]> {
  assertEquals([...file.subarray(0, 8)], [137, 80, 78, 71, 13, 10, 26, 10]);
  const view = new DataView(file.buffer, file.byteOffset);
  const chunks = new Map<string, Uint8Array<ArrayBuffer>>();
  for (let at = 8; at < file.length;) {
    const length = view.getUint32(at);
    const type = new TextDecoder().decode(file.subarray(at + 4, at + 8));
    chunks.set(type, file.slice(at + 8, at + 8 + length));
    assertEquals(view.getUint32(at + 8 + length), crc32(file.subarray(at + 4, at + 8 + length)));
    at += 12 + length;
  }
  assertEquals([...chunks.keys()], ["IHDR", "IDAT", "IEND"]);
  const header = chunks.get("IHDR")!;
  assertEquals([...header.subarray(8)], [8, 2, 0, 0, 0]);
  const [width, height] = [0, 4].map((at) => new DataView(header.buffer).getUint32(at));
  const stream = new Blob([chunks.get("IDAT")!]).stream()
    .pipeThrough(new DecompressionStream("deflate"));
  const rows = new Uint8Array(await new Response(stream).arrayBuffer());
  assertEquals(rows.length, height * (3 * width + 1));
  const pixels = rows.filter((_, i) => i % (3 * width + 1) !== 0);
  return [height, width, pixels];
}

Deno.test("encodePng() writes pixels that are read back", async () => {
  const pixels = Uint8Array.from({ length: 3 * 5 * 7 }, (_, i) => (i * 37) % 256);
  assertEquals(await readPng(await encodePng(pixels, 5, 7)), [5, 7, pixels]);
  const large = new Uint8Array(3 * 300 * 300).fill(200);
  const file = await encodePng(large, 300, 300);
  assert(file.length < 2000);
  assertEquals(await readPng(file), [300, 300, large]);
  await assertRejects(
    () => encodePng(pixels, 5, 8),
    RangeError,
    "an image of 5 x 8 has 120 bytes; got 105",
  );
});
