/** Runs `fn` with a new folder, which is removed afterwards. */
export async function inTempDir(fn: (folder: string) => void | Promise<void>): Promise<void> {
  const folder = Deno.makeTempDirSync({ prefix: "wkd-test-" });
  try {
    await fn(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}
