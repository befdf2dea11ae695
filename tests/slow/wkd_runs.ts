/** Every run of WKD in the reference figures, op by op too. */
import { checkWkdRun, WKD_RUNS } from "../distill/wkd_runs.ts";
import { device } from "../helpers.ts";

await device();

for (const name of WKD_RUNS) {
  Deno.test(`WKD trains as the authors' code does, op by op too: ${name}`, async () => {
    await checkWkdRun(name, true);
  });
}
