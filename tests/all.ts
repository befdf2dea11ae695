/**
 * Loads every test file into one module, so that all tests share one device: kernels compile once
 * instead of once a file. `deno test tests/ops/relu.test.ts` runs a single file as usual.
 */
function* testFiles(folder: URL): Iterable<URL> {
  const entries = [...Deno.readDirSync(folder)].sort((a, b) => a.name < b.name ? -1 : 1);
  for (const { name, isDirectory } of entries) {
    if (isDirectory) yield* testFiles(new URL(`${name}/`, folder));
    else if (/[._]test\.ts$/.test(name)) yield new URL(name, folder);
  }
}

for (const file of testFiles(new URL("./", import.meta.url))) await import(file.href);
