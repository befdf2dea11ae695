const BLOCK = 512;

function text(header: Uint8Array, from: number, to: number): string {
  const field = header.subarray(from, to);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
}

function octal(header: Uint8Array, from: number, to: number): number {
  const digits = text(header, from, to).trim();
  if (!/^[0-7]*$/.test(digits)) throw new Error("a header of the archive is damaged");
  return digits === "" ? 0 : parseInt(digits, 8);
}

function checkHeader(header: Uint8Array): void {
  let sum = 0;
  for (let i = 0; i < BLOCK; i++) sum += i >= 148 && i < 156 ? 32 : header[i];
  if (sum !== octal(header, 148, 156)) throw new Error("a header of the archive is damaged");
}

/**
 * The plain files of a tar archive whose names are wanted. Names longer than a header holds are not put together.
 *
 * @param archive the archive, unpacked
 * @param wanted says of a path whether its file is wanted
 * @returns views of the archive by path
 * @throws {Error} where the archive is damaged or ends too early
 */
export function readTar(
  archive: Uint8Array,
  wanted: (path: string) => boolean,
): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  for (let at = 0; at + BLOCK <= archive.length;) {
    const header = archive.subarray(at, at + BLOCK);
    if (header.every((byte) => byte === 0)) return files;
    checkHeader(header);
    const size = octal(header, 124, 136);
    const start = at + BLOCK;
    if (start + size > archive.length) throw new Error("the archive ends too early");
    const prefix = text(header, 257, 262) === "ustar" ? text(header, 345, 500) : "";
    const name = text(header, 0, 100).replace(/^\.\//, "");
    const path = prefix ? `${prefix}/${name}` : name;
    const kind = header[156];
    if ((kind === 0 || kind === 0x30) && wanted(path)) {
      files.set(path, archive.subarray(start, start + size));
    }
    at = start + Math.ceil(size / BLOCK) * BLOCK;
  }
  throw new Error("the archive ends too early");
}
