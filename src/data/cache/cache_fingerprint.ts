import { join } from "node:path";

/** Files asked for at a time. */
const AT_A_TIME = 256;

/**
 * Sixteen hexadecimal digits that stand for a list of files, their sizes and times, and the settings they are read by.
 *
 * @param settings whatever else decides what is kept
 */
export async function cacheFingerprint(
  root: string,
  paths: readonly string[],
  settings: string,
): Promise<string> {
  const lines = [settings, root];
  for (let i = 0; i < paths.length; i += AT_A_TIME) {
    lines.push(
      ...await Promise.all(
        paths.slice(i, i + AT_A_TIME).map(async (path) => {
          try {
            const { size, mtime } = await Deno.stat(join(root, path));
            return `${path}\t${size}\t${mtime?.getTime()}`;
          } catch {
            // A file that cannot be read is reported where it is decoded.
            return path;
          }
        }),
      ),
    );
  }
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(lines.join("\n")));
  return Array.from(new Uint8Array(digest, 0, 8), (byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}

/**
 * FNV-1a over the 32-bit words, then over the bytes that are left; at least one bit of damage changes it.
 *
 * @param bytes start at a multiple of 4 bytes in their buffer
 */
export function checksum(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  const whole = bytes.length & ~3;
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, whole / 4);
  for (let i = 0; i < words.length; i++) hash = Math.imul(hash ^ words[i], 0x01000193);
  for (let i = whole; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193);
  return hash >>> 0;
}
