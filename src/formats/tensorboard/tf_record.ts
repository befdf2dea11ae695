import { crc32c } from "../crc32.ts";

/** Keeps a CRC that is stored inside data, which has a CRC itself, from cancelling out. */
function mask(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

const HEADER = 12;
const FOOTER = 4;

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
