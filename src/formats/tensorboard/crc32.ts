/** The CRC polynomial of PNG and zip, bits reversed. */
const CRC32 = 0xedb88320;
/** Castagnoli's polynomial, bits reversed. */
const CRC32C = 0x82f63b78;

function table(polynomial: number): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    return crc;
  });
}

const TABLE = table(CRC32);
const TABLE_C = table(CRC32C);

function checksum(bytes: Uint8Array, table: Uint32Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ table[(crc ^ byte) & 0xff];
  return (crc ^ 0xffffffff) >>> 0;
}

/** CRC-32 as PNG uses it. */
export function crc32(bytes: Uint8Array): number {
  return checksum(bytes, TABLE);
}

/** CRC-32C (Castagnoli), as TensorFlow's records use it. */
export function crc32c(bytes: Uint8Array): number {
  return checksum(bytes, TABLE_C);
}
