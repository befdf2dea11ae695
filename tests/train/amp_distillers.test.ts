import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { device } from "../helpers.ts";
import { openRun, writeTeacher } from "./helpers.ts";
import { inTempDir } from "../temp_dir.ts";
import { DISTILLERS } from "./distiller_settings.ts";

const gpu = await device();

for (const [type, more] of Object.entries(DISTILLERS)) {
  Deno.test({ name: `SOLVER.AMP trains with ${type}`, ignore: !gpu.half }, async () => {
    await inTempDir(async (folder) => {
      await writeTeacher(folder);
      const overrides = [
        ...["DISTILLER.TYPE", type, "SOLVER.AMP", "True", "SOLVER.EPOCHS", "1"],
        ...["SOLVER.BATCH_SIZE", "4", "DATASET.SUBSET", "1", "SOLVER.LR", "1e-3", ...more],
      ];
      const { run, events } = await openRun(gpu, join(folder, "run"), overrides);
      await run.train();
      run.dispose();
      const end = events.find((event) => event.type === "epoch_end")!;
      assertEquals(Object.keys(end.train.losses), ["loss_ce", "loss_kd"]);
      assert(Number.isFinite(end.train.loss), `loss ${end.train.loss}`);
      assertEquals(end.train.scaling?.scale, 65536 / 2 ** end.train.scaling!.skippedSteps);
    });
  });
}
