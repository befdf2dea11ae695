import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { deflateRawSync } from "node:zlib";
import { FormatError } from "../../../src/formats/format_error.ts";
import { readZip } from "../../../src/formats/zip/read_zip.ts";
import { writeZip } from "../../../src/formats/zip/write_zip.ts";

const ENTRY = 0x02014b50;
const END_SIZE = 22;

const text = (content: string) => new TextEncoder().encode(content);

function archive(): Uint8Array<ArrayBuffer> {
  return writeZip(new Map([["a/one", text("first")], ["a/zwei", text("second one")]]));
}

function contents(bytes: Uint8Array): Record<string, string> {
  return Object.fromEntries(
    [...readZip(bytes)].map(([name, entry]) => [name, new TextDecoder().decode(entry.data())]),
  );
}

/** Where the directory's entries begin. */
function directory(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const found: number[] = [];
  for (let at = 0; at + 4 <= bytes.length; at++) {
    if (view.getUint32(at, true) === ENTRY) found.push(at);
  }
  return found;
}

/** The archive with fields of its first entry in the directory changed. */
function changed(fields: Record<number, number>, bytes = archive(), entry = 0): Uint8Array {
  const view = new DataView(bytes.buffer);
  const at = directory(bytes)[entry];
  for (const [offset, value] of Object.entries(fields)) {
    view.setUint32(at + Number(offset), value, true);
  }
  return bytes;
}

const PACKED = 20;
const SIZE = 24;
const HEADER = 42;

function refusal(bytes: Uint8Array): string {
  return assertThrows(() => contents(bytes), FormatError).message;
}

/** An archive of one deflated entry that says it has `size` bytes. */
function deflated(content: Uint8Array, size: number): Uint8Array {
  const packed = deflateRawSync(content);
  const bytes = writeZip(new Map([["big", new Uint8Array(packed)]]));
  const view = new DataView(bytes.buffer);
  const [at] = directory(bytes);
  view.setUint16(at + 10, 8, true);
  view.setUint32(at + 16, 0, true);
  view.setUint32(at + SIZE, size, true);
  return bytes;
}

/** The archive with a 64-bit end record, and 64-bit sizes for its first entry. */
function wide(): Uint8Array<ArrayBuffer> {
  const plain = archive();
  const [first, second] = directory(plain);
  const extra = new Uint8Array(28);
  const fields = new DataView(extra.buffer);
  fields.setUint16(0, 1, true);
  fields.setUint16(2, 24, true);
  const view = new DataView(plain.buffer);
  [SIZE, PACKED, HEADER].forEach((offset, i) => {
    fields.setBigUint64(4 + 8 * i, BigInt(view.getUint32(first + offset, true)), true);
    view.setUint32(first + offset, 0xffffffff, true);
  });
  view.setUint16(first + 30, extra.length, true);
  const end64 = new Uint8Array(56 + 20);
  const ends = new DataView(end64.buffer);
  const size = plain.length - END_SIZE - first + extra.length;
  ends.setUint32(0, 0x06064b50, true);
  ends.setBigUint64(24, 2n, true);
  ends.setBigUint64(32, 2n, true);
  ends.setBigUint64(40, BigInt(size), true);
  ends.setBigUint64(48, BigInt(first), true);
  ends.setUint32(56, 0x07064b50, true);
  ends.setBigUint64(64, BigInt(first + size), true);
  const end = plain.slice(-END_SIZE);
  end.fill(0xff, 8, 20);
  const parts = [
    plain.subarray(0, second),
    extra,
    plain.subarray(second, plain.length - END_SIZE),
    end64,
    end,
  ];
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

Deno.test("writeZip() aligns its entries, and readZip() reads them", () => {
  const bytes = archive();
  assertEquals(contents(bytes), { "a/one": "first", "a/zwei": "second one" });
  for (const entry of readZip(bytes).values()) assertEquals(entry.packed.byteOffset % 64, 0);
  assertEquals(archive(), bytes);
  assertEquals(contents(writeZip(new Map())), {});
});

Deno.test("readZip() reads 64-bit directories, comments and deflated entries", () => {
  assertEquals(contents(wide()), contents(archive()));
  const comment = new Uint8Array([...archive(), ...text("hello")]);
  new DataView(comment.buffer).setUint16(comment.length - 7, 5, true);
  assertEquals(contents(comment), contents(archive()));
  const zeros = new Uint8Array(1_000_000);
  const unpacked = readZip(deflated(zeros, zeros.length)).get("big")!.data();
  assert(unpacked.length === zeros.length && unpacked.every((byte) => byte === 0));
});

Deno.test("readZip() refuses truncated archives at every length", () => {
  const whole = archive();
  for (let length = 0; length < whole.length; length++) refusal(whole.slice(0, length));
  const long = wide();
  for (let length = 0; length < long.length; length++) refusal(long.slice(0, length));
});

Deno.test("readZip() refuses a directory that lies", () => {
  assertStringIncludes(refusal(changed({ [PACKED]: 4 })), "is stored, but has 4 bytes for 5");
  assertStringIncludes(refusal(changed({ [PACKED]: 4, [SIZE]: 4 })), "checksum of the entry a/one");
  assertStringIncludes(refusal(changed({ [PACKED]: 1e9, [SIZE]: 1e9 })), "reaches behind the end");
  assertStringIncludes(refusal(changed({ [HEADER]: 1e9 })), "begins behind the end");
  assertStringIncludes(refusal(changed({ [HEADER]: 1 })), "has no header");
  assertStringIncludes(refusal(changed({ [HEADER]: 0 }, archive(), 1)), "overlaps another");
  assertStringIncludes(refusal(changed({ [PACKED]: 10, [SIZE]: 10 })), "overlaps another");
  const names = archive();
  names.set(text("a/drei"), directory(names)[1] + 46);
  assertEquals(Object.keys(contents(names)), ["a/one", "a/drei"]);
  const twice = writeZip(new Map([["a/one", text("1")], ["a/two", text("2")]]));
  twice.set(text("a/one"), directory(twice)[1] + 46);
  assertStringIncludes(refusal(twice), "two entries a/one");
  const count = archive();
  new DataView(count.buffer).setUint16(count.length - 12, 60000, true);
  assertStringIncludes(refusal(count), "directory does not lie in the file");
});

Deno.test("readZip() refuses entries that unpack to more than they say, or to too much", () => {
  const bomb = new Uint8Array(20_000_000);
  assertStringIncludes(refusal(deflated(bomb, bomb.length)), "that much is refused");
  assertStringIncludes(refusal(deflated(bomb, 1000)), "cannot be unpacked to its 1000 bytes");
  assertStringIncludes(refusal(deflated(new Uint8Array(10), 1000)), "has 10 bytes, not 1000");
  assertStringIncludes(refusal(deflated(new Uint8Array(10), 0)), "the entry big");
});

Deno.test("readZip() refuses what it cannot read", () => {
  const encrypted = archive();
  encrypted[directory(encrypted)[0] + 8] |= 1;
  assertStringIncludes(refusal(encrypted), "a/one is encrypted");
  const method = archive();
  method[directory(method)[0] + 10] = 14;
  assertStringIncludes(refusal(method), "packed by method 14");
  const parts = archive();
  parts[parts.length - 18] = 1;
  assertStringIncludes(refusal(parts), "one part of several");
});

Deno.test("readZip() takes a stored entry without a checksum as it is", () => {
  const bytes = changed({ 16: 0 });
  assert(contents(bytes)["a/one"] === "first");
  assertStringIncludes(refusal(changed({ 16: 1 })), "checksum");
});
