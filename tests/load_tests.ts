const TESTS = new URL("./", import.meta.url);

function* testFiles(folder: URL): Iterable<URL> {
  const entries = [...Deno.readDirSync(folder)].sort((a, b) => a.name < b.name ? -1 : 1);
  for (const { name, isDirectory } of entries) {
    if (isDirectory) yield* testFiles(new URL(`${name}/`, folder));
    else if (/\.test\.ts$/.test(name)) yield new URL(name, folder);
  }
}

/**
 * Loads the test files whose first folder under `tests` is wanted (`""` for those in none) into the module that calls,
 * so that they share one device: kernels compile once instead of once a file.
 */
export async function loadTests(wanted: (folder: string) => boolean): Promise<void> {
  for (const { href } of testFiles(TESTS)) {
    const path = href.slice(TESTS.href.length);
    if (wanted(path.includes("/") ? path.slice(0, path.indexOf("/")) : "")) await import(href);
  }
}
