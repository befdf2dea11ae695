/** Bytes from base64. */
export function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

/** Bytes as base64. */
export function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 0x8000) {
    text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  }
  return btoa(text);
}

/** A cell of a square matrix of counts. */
export type Cell = readonly [row: number, column: number, count: number];

/**
 * Cells of counts as base64: of each, in the order of the matrix, how far it lies behind the one before, and its count, in
 * seven bits a byte.
 */
export function packCells(cells: readonly Cell[], columns: number): string {
  const bytes: number[] = [];
  const push = (value: number) => {
    for (; value > 127; value = Math.floor(value / 128)) bytes.push(128 | value % 128);
    bytes.push(value);
  };
  let before = -1;
  for (const [row, column, count] of cells) {
    const place = row * columns + column;
    push(place - before);
    push(count);
    before = place;
  }
  return toBase64(Uint8Array.from(bytes));
}

/** The cells that {@linkcode packCells} was given. */
export function unpackCells(text: string, columns: number): Cell[] {
  const bytes = fromBase64(text);
  let at = 0;
  const pull = () => {
    let value = 0;
    for (let factor = 1;; factor *= 128) {
      const byte = bytes[at++];
      value += byte % 128 * factor;
      if (byte < 128) return value;
    }
  };
  const cells: Cell[] = [];
  for (let place = -1; at < bytes.length;) {
    place += pull();
    cells.push([Math.floor(place / columns), place % columns, pull()]);
  }
  return cells;
}
