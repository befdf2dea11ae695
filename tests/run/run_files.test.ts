import { assertEquals, assertRejects } from "@std/assert";
import { loadConfig } from "../../src/config/resolve_config.ts";
import { CheckpointError } from "../../src/run/checkpoints/checkpoint.ts";
import { RunFiles } from "../../src/run/run_files.ts";
import { initialState } from "../../src/train/run_state.ts";
import { inTempDir } from "../temp_dir.ts";

/** More tensors than a zip archive has room for: what is too large for a torch file, without being large. */
function tooMany(): Map<string, unknown> {
  const one = () => Promise.resolve(new Float32Array(1));
  return new Map(Array.from({ length: 66_000 }, (_, i) => [`${i}`, { shape: [1], data: one }]));
}

Deno.test("RunFiles.save() names the other format where a torch file is too small", async () => {
  await inTempDir(async (folder) => {
    const none = { stateDict: () => new Map() };
    const distiller = { student: { stateDict: tooMany }, extraModules: {} };
    const files = new RunFiles(
      folder,
      loadConfig(null),
      distiller as never,
      { ...none, paramGroups: () => [] } as never,
      () => {},
    );
    await assertRejects(
      () => files.save("interrupted", initialState()),
      CheckpointError,
      "use safetensors: set LOG.CHECKPOINT_FORMAT safetensors",
    );
    assertEquals([...Deno.readDirSync(folder)], []);
  });
});
