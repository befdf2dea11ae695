import { UserError } from "../../errors.ts";

// Not written into an import: programs that make no page should not need the package.
const UPLOT = "npm:uplot@1.6.32/dist/uPlot.esm.js";

let files: { readonly script: string; readonly style: string } | null = null;

/** What draws curves: uPlot's script with its licence, which sets the global `uPlot`, and its style. */
export function curveFiles(): { readonly script: string; readonly style: string } {
  return files ??= {
    script: `/*!\n${read("../LICENSE")}\n*/\n${read("uPlot.iife.min.js")}`,
    style: read("uPlot.min.css"),
  };
}

function read(name: string): string {
  try {
    return Deno.readTextFileSync(new URL(name, import.meta.resolve(UPLOT))).trim();
  } catch (error) {
    throw new UserError("the package uplot, which draws a report's curves, is not installed", {
      ...{ cause: error, help: "deno install" },
    });
  }
}
