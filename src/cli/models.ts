import { MODEL_FAMILIES, type ModelFamily } from "../models/family.ts";
import { modelCost } from "../models/model_cost.ts";
import { modelNames } from "../models/registry.ts";
import { table } from "./terminal/table.ts";

/** Options of the `models` command. */
interface ModelsFlags {
  /** One family only. */
  readonly family?: ModelFamily;
  /** Classes of every model; default 100, or 1000 for ImageNet's. */
  readonly classes?: number;
  /** As JSON. */
  readonly json?: boolean;
}

/** Classes of the data set a family is for. */
const CLASSES: Readonly<Record<ModelFamily, number>> = { cifar: 100, imagenet: 1000 };

/**
 * Prints every model with its parameters and multiply-adds. Needs no device.
 *
 * @returns the exit status
 */
export function models(flags: ModelsFlags): number {
  const families = flags.family ? [flags.family] : MODEL_FAMILIES;
  const rows = families.flatMap((family) => {
    const numClasses = flags.classes ?? CLASSES[family];
    return modelNames(family).map((name) => {
      return { name, family, classes: numClasses, ...modelCost(name, { family, numClasses }) };
    });
  });
  console.log(flags.json ? JSON.stringify(rows, null, 2) : describe(rows));
  return 0;
}

interface Row extends ReturnType<typeof modelCost> {
  readonly name: string;
  readonly family: ModelFamily;
  readonly classes: number;
}

function describe(rows: readonly Row[]): string {
  const cells = rows.map((row) => [
    row.name,
    row.family,
    String(row.classes),
    row.parameters.toLocaleString("en"),
    `${row.imageSize} x ${row.imageSize}`,
    `${(row.multiplyAdds / 1e6).toFixed(1)} M`,
  ]);
  return table(["model", "family", "classes", "parameters", "image", "multiply-adds"], cells);
}
