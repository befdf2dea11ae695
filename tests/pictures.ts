import { join } from "@std/path";

/** Bytes of a BMP of 24 bits: noise about a colour of the class. */
function bmp(size: number, label: number, at: number): Uint8Array<ArrayBuffer> {
  const row = Math.ceil(3 * size / 4) * 4;
  const bytes = new Uint8Array(54 + row * size);
  const view = new DataView(bytes.buffer);
  bytes.set([0x42, 0x4d]);
  view.setUint32(2, bytes.length, true);
  view.setUint32(10, 54, true);
  view.setUint32(14, 40, true);
  view.setInt32(18, size, true);
  view.setInt32(22, size, true);
  view.setUint16(26, 1, true);
  view.setUint16(28, 24, true);
  for (let i = 54; i < bytes.length; i++) {
    bytes[i] = 60 * ((label + i) % 3) + (i * (7 * at + 13)) % 61;
  }
  return bytes;
}

/** Writes pictures of three classes into `<root>/<class>/`, `count` of each, as squares of `size` pixels. */
export function writePictures(root: string, count = 8, size = 32): void {
  for (const [label, name] of ["ant", "bee", "cat"].entries()) {
    Deno.mkdirSync(join(root, name), { recursive: true });
    for (let at = 0; at < count; at++) {
      Deno.writeFileSync(join(root, name, `${at}.bmp`), bmp(size, label, at));
    }
  }
}
