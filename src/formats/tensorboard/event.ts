import { crc32c } from "../crc32.ts";
import { ProtoWriter } from "./proto_writer.ts";

const HEADER = 12;
const FOOTER = 4;

/** An image in an event file. */
interface EventImage {
  /** Rows. */
  readonly height: number;
  /** Columns. */
  readonly width: number;
  /** The PNG file, of red, green and blue. */
  readonly png: Uint8Array;
}

/** A value under a tag: a number, a text in Markdown, or an image. */
export type EventValue =
  | { readonly tag: string; readonly scalar: number }
  | { readonly tag: string; readonly text: string }
  | { readonly tag: string; readonly image: EventImage };

/** What an event file holds: the version it starts with, a start of writing, or values. */
export type EventContent =
  | { readonly fileVersion: string }
  | { readonly start: true }
  | { readonly values: readonly EventValue[] };

/** One event of a TensorBoard event file. */
export interface Event {
  /** Seconds since 1970. */
  readonly wallTime: number;
  /** Place on the horizontal axis, an integer of at least 0. */
  readonly step: number;
  /** What happened. */
  readonly content: EventContent;
}

const RGB = 3;
const SESSION_START = 1;
const DT_STRING = 7;

/** Encodes an event as TensorFlow's `Event` message (event.proto, summary.proto, tensor.proto). */
export function encodeEvent({ wallTime, step, content }: Event): Uint8Array {
  const event = new ProtoWriter().double(1, wallTime).integer(2, step);
  if ("fileVersion" in content) return event.bytes(3, content.fileVersion).finish();
  if ("start" in content) {
    return event.message(7, new ProtoWriter().integer(1, SESSION_START)).finish();
  }
  const summary = new ProtoWriter();
  for (const value of content.values) summary.message(1, encodeValue(value));
  return event.message(5, summary).finish();
}

function encodeValue(value: EventValue): ProtoWriter {
  const message = new ProtoWriter().bytes(1, value.tag);
  if ("scalar" in value) return message.float(2, value.scalar);
  if ("image" in value) return message.message(4, encodeImage(value.image));
  // The text plug-in finds its values by their metadata, as tensors of one string.
  const metadata = new ProtoWriter().message(1, new ProtoWriter().bytes(1, "text"));
  return message.message(8, stringTensor(value.text)).message(9, metadata);
}

function encodeImage({ height, width, png }: EventImage): ProtoWriter {
  return new ProtoWriter().integer(1, height).integer(2, width).integer(3, RGB).bytes(4, png);
}

function stringTensor(text: string): ProtoWriter {
  const shape = new ProtoWriter().message(2, new ProtoWriter().integer(1, 1));
  return new ProtoWriter().integer(1, DT_STRING).message(2, shape).bytes(8, text);
}

/** Keeps a CRC that is stored inside data, which has a CRC itself, from cancelling out. */
function mask(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/**
 * A record as TensorFlow frames it: length (8 bytes), masked CRC-32C of the length, the data, masked CRC-32C of the
 * data, all little-endian.
 *
 * @param data less than 4 GiB
 */
export function tfRecord(data: Uint8Array): Uint8Array {
  const record = new Uint8Array(HEADER + data.length + FOOTER);
  const view = new DataView(record.buffer);
  view.setUint32(0, data.length, true);
  view.setUint32(8, mask(crc32c(record.subarray(0, 8))), true);
  record.set(data, HEADER);
  view.setUint32(HEADER + data.length, mask(crc32c(data)), true);
  return record;
}
