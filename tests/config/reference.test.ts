import { assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { fileExists } from "../../src/formats/paths.ts";
import "../../src/optim/registry.ts";
import { pick, resolveConfig } from "./sections.ts";

const GOLDEN = fromFileUrl(new URL("../../../shared/reference/golden/", import.meta.url));

interface Case {
  distiller: Record<string, unknown>;
  solver: Record<string, number>;
}

for (const file of ["steps_wkd.json", "steps_zoo.json"]) {
  Deno.test({
    name: `resolveConfig() reads the official settings in ${file}`,
    ignore: !fileExists(GOLDEN + file),
    fn() {
      const { cases } = JSON.parse(Deno.readTextFileSync(GOLDEN + file)) as {
        cases: Record<string, Case>;
      };
      for (const [name, { distiller, solver }] of Object.entries(cases)) {
        // JSON is YAML.
        const config = resolveConfig(JSON.stringify({ ...distiller, SOLVER: solver }), name);
        assertEquals(pick(config, distiller), distiller, name);
        assertEquals(pick(config.SOLVER, solver), solver, name);
      }
    },
  });
}
