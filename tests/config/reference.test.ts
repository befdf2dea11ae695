import { assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import "../../src/optim/registry.ts";
import { resolveConfig } from "./sections.ts";

const GOLDEN = fromFileUrl(new URL("../../../shared/reference/golden/", import.meta.url));

function present(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

interface Case {
  distiller: Record<string, unknown>;
  solver: Record<string, number>;
}

/** The part of `values` whose keys are in `keys`, nested. */
function pick(values: unknown, keys: unknown): unknown {
  if (typeof keys !== "object" || keys === null || Array.isArray(keys)) return values;
  const record = values as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(keys).map(([name, child]) => [name, pick(record[name], child)]),
  );
}

for (const file of ["steps_wkd.json", "steps_zoo.json"]) {
  Deno.test({
    name: `resolveConfig() reads the official settings in ${file}`,
    ignore: !present(GOLDEN + file),
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
