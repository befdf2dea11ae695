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
