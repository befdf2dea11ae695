import type { DecodePool } from "./decode_pool.ts";

/**
 * The longer side of an image, in pixels.
 *
 * @throws {Error} where it cannot be decoded
 */
export async function probeSize(path: string, pool: DecodePool): Promise<number> {
  const { failures, sizes } = await pool.run({
    form: "size",
    transform: { size: 1, resize: 1, cacheSide: 1, mean: [], std: [] },
    items: [{ path, at: 0, position: 0, cached: null }],
    target: new SharedArrayBuffer(0),
    seed: 0,
    epoch: 0,
    cacheFolder: null,
    store: false,
  });
  if (failures.length > 0) {
    throw new Error(
      `cannot decode ${path}: ${
        failures[0].reason
      }; repair or remove it, or set DATASET.IMAGE_SIZE`,
    );
  }
  return Math.max(sizes[0].width, sizes[0].height);
}
