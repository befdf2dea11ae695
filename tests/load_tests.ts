const TESTS = new URL("./", import.meta.url);

/** The tests in a browser, which have a task of their own. */
const ELSEWHERE = "browser/";

/**
 * Which part has the tests whose paths below `tests` begin so; the longest counts, and `rest` has all others. The test
 * command runs `tests/parts/` in a few threads, each with one of the software adapter's, so that no core is idle where one
 * waits for the device: a part after the other as it names them, the longest first. A single file runs by itself as usual:
 * `deno test tests/ops/softmax/softmax.test.ts`.
 */
const PARTS: Readonly<Record<string, readonly string[]>> = {
  ops: ["ops/", "tensor/"],
  train: ["train/"],
  distill: ["distill/", "losses/"],
  cli: ["cli/", "report/"],
  families: ["cli/families"],
  models: ["models/", "nn/", "optim/", "cost_matrix/"],
  data: ["data/", "formats/", "config/", "export/", "web/"],
  [ELSEWHERE]: [ELSEWHERE],
};

function partOf(path: string): string {
  const [part] = Object.entries(PARTS)
    .flatMap(([name, starts]) => starts.map((start) => [name, start] as const))
    .filter(([, start]) => path.startsWith(start))
    .sort(([, a], [, b]) => b.length - a.length)[0] ?? ["rest"];
  return part;
}

function* testFiles(folder: URL): Iterable<URL> {
  const entries = [...Deno.readDirSync(folder)].sort((a, b) => a.name < b.name ? -1 : 1);
  for (const { name, isDirectory } of entries) {
    if (isDirectory) yield* testFiles(new URL(`${name}/`, folder));
    else if (/\.test\.ts$/.test(name)) yield new URL(name, folder);
  }
}

/**
 * Loads the wanted test files into the module that calls, so that they share one device: kernels compile once instead of
 * once a file. A file that cannot be loaded is one test that fails, named after it; the others run.
 *
 * @param wanted says of a path below the folder whether it is
 * @param folder where the files lie, with a slash at its end; default: `tests`
 */
export async function loadTests(
  wanted: (path: string) => boolean,
  folder: URL = TESTS,
): Promise<void> {
  for (const { href } of testFiles(folder)) {
    const path = href.slice(folder.href.length);
    if (!wanted(path)) continue;
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
  return loadTests((path) => partOf(path) === name);
}
