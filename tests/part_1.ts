// With part_2.ts these are all tests but those of tests/browser (deno task test:browser), in halves that take about as long, for two threads.
// `deno test tests/ops/softmax/softmax.test.ts` runs a single file as usual.
import { loadTests } from "./load_tests.ts";
import { PART_2 } from "./part_2_folders.ts";

await loadTests((folder) => folder !== "browser" && !PART_2.includes(folder));
