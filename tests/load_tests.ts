const TESTS = new URL("./", import.meta.url);

/** The tests in a browser, which have a task of their own. */
const ELSEWHERE = ["browser"];

/**
 * Folders of `tests` by the part that has them; `rest` has all others. The test command runs `tests/parts/` in two threads,
 * a part after the other in the order that it names them, the longest first. A single file runs by itself as usual:
 * `deno test tests/ops/softmax/softmax.test.ts`.
 */
const PARTS: Readonly<Record<string, readonly string[]>> = {
  ops: ["ops", "tensor"],
  train: ["train"],
  distill: ["distill", "losses"],
  cli: ["cli"],
  models: ["models", "nn", "optim", "cost_matrix"],
};

function* testFiles(folder: URL): Iterable<URL> {
  const entries = [...Deno.readDirSync(folder)].sort((a, b) => a.name < b.name ? -1 : 1);
  for (const { name, isDirectory } of entries) {
    if (isDirectory) yield* testFiles(new URL(`${name}/`, folder));
    else if (/\.test\.ts$/.test(name)) yield new URL(name, folder);
  }
}

/**
 * Loads the test files whose first folder under `tests` is wanted (`""` for those in none) into the module that calls,
 * so that they share one device: kernels compile once instead of once a file. A file that cannot be loaded is one test
 * that fails, named after it; the others run.
 *
 * @param folder where the files lie, with a slash at its end; default: `tests`
 */
export async function loadTests(
  wanted: (folder: string) => boolean,
  folder: URL = TESTS,
): Promise<void> {
  for (const { href } of testFiles(folder)) {
    const path = href.slice(folder.href.length);
    if (!wanted(path.includes("/") ? path.slice(0, path.indexOf("/")) : "")) continue;
    try {
      await import(href);
    } catch (error) {
      Deno.test(`${path} is loaded`, () => {
        throw error;
      });
    }
  }
}

/** Loads the tests of a part, by its name in `tests/parts`. */
export function loadPart(name: string): Promise<void> {
  if (name !== "rest") return loadTests((folder) => PARTS[name].includes(folder));
  const others = new Set([...ELSEWHERE, ...Object.values(PARTS).flat()]);
  return loadTests((folder) => !others.has(folder));
}
