/**
 * Compares texts as Python sorts them: by code points, where JavaScript goes by halves of those beyond 65535.
 *
 * @returns less than 0 where `a` comes first
 */
export function pythonOrder(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x !== y) return ranked(x) - ranked(y);
  }
  return a.length - b.length;
}

/** A half of a code point beyond 65535 comes behind all others. */
function ranked(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit;
}
