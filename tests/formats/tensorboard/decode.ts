/** A field of a protocol buffers message: a number, or bytes. */
export type Field = number | Uint8Array;

/** The fields of a message by their numbers, each in the order it was written. */
export type Message = Map<number, Field[]>;

/** CRC-32C a bit at a time, apart from the one under test. */
export function slowCrc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

function maskedCrc(bytes: Uint8Array): number {
  const crc = BigInt(slowCrc32c(bytes));
  const rotated = (crc >> 15n) | (crc << 17n);
  return Number((rotated + 0xa282ead8n) & 0xffffffffn);
}

/** The data of every TFRecord; throws where a length or a check sum is wrong. */
export function readRecords(file: Uint8Array): Uint8Array[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const records: Uint8Array[] = [];
  for (let at = 0; at < file.length;) {
    const length = Number(view.getBigUint64(at, true));
    const data = file.subarray(at + 12, at + 12 + length);
    if (data.length !== length) throw new Error("a record is cut short");
    const sums = [view.getUint32(at + 8, true), view.getUint32(at + 12 + length, true)];
    if (sums[0] !== maskedCrc(file.subarray(at, at + 8))) throw new Error("wrong length CRC");
    if (sums[1] !== maskedCrc(data)) throw new Error("wrong data CRC");
    records.push(data);
    at += 16 + length;
  }
  return records;
}

/** Decodes the fields of a message. */
export function decode(bytes: Uint8Array): Message {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const message: Message = new Map();
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n;; shift += 7n) {
      const byte = BigInt(bytes[at++]);
      value |= (byte & 0x7fn) << shift;
      if (byte < 0x80n) return Number(value);
    }
  };
  const field = (type: number): Field => {
    if (type === 0) return varint();
    if (type === 1) return view.getFloat64((at += 8) - 8, true);
    if (type === 5) return view.getFloat32((at += 4) - 4, true);
    const length = varint();
    return bytes.subarray(at, at += length);
  };
  while (at < bytes.length) {
    const tag = varint();
    const values = message.get(tag >> 3) ?? [];
    values.push(field(tag & 7));
    message.set(tag >> 3, values);
  }
  return message;
}

/** The one number or message under a field, by a path of field numbers. */
export function at(message: Message, ...path: number[]): Field | undefined {
  const [first, ...rest] = path;
  const [value] = message.get(first) ?? [];
  return rest.length > 0 && value instanceof Uint8Array ? at(decode(value), ...rest) : value;
}

/** Bytes as text. */
export function text(field: Field | undefined): string {
  return new TextDecoder().decode(field as Uint8Array);
}

/** An event as a test wants to see it. */
export interface ReadEvent {
  /** Its step. */
  step: number;
  /** `version`, `start`, or the tag of a value. */
  what: string;
  /** The number, the text or the PNG file. */
  value?: number | string | Uint8Array;
}

/** The events of a file, one for each value. */
export function readEvents(file: Uint8Array): ReadEvent[] {
  return readRecords(file).map(decode).flatMap((event): ReadEvent[] => {
    const step = event.get(2)![0] as number;
    if (event.has(3)) return [{ step, what: "version", value: text(event.get(3)![0]) }];
    if (event.has(7)) return [{ step, what: at(event, 7, 1) === 1 ? "start" : "?" }];
    return decode(event.get(5)![0] as Uint8Array).get(1)!.map((bytes) => {
      const value = decode(bytes as Uint8Array);
      return { step, what: text(value.get(1)![0]), value: readValue(value) };
    });
  });
}

function readValue(value: Message): number | string | Uint8Array {
  if (value.has(2)) return value.get(2)![0] as number;
  if (value.has(4)) return at(value, 4, 4) as Uint8Array;
  if (text(at(value, 9, 1, 1)) !== "text" || at(value, 8, 1) !== 7) throw new Error("no text");
  return text(at(value, 8, 8));
}
