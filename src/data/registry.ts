import { addChoice } from "../config/keys.ts";
import { UserError } from "../errors.ts";
import { importHint } from "../registry/imports.ts";
import { Registry } from "../registry/registry.ts";
import { DEFINITIONS as cifar } from "./cifar/cifar.ts";
import type { DatasetDefinition } from "./definition.ts";
import { DEFINITION as fashionMnist } from "./fashion_mnist/fashion_mnist.ts";
import type { Dataset } from "./image_dataset.ts";
import { DEFINITIONS as imageFolders } from "./images/image_folder.ts";

/** The package's own, in the order that texts have them. */
const OWN: readonly DatasetDefinition<Dataset>[] = [fashionMnist, ...cifar, ...imageFolders];

/** Keys that say nothing of images in memory. */
const OF_IMAGE_FILES = [
  "NUM_WORKERS",
  "NUM_CLASSES",
  "TRANSFORM",
  "IMAGE_SIZE",
  "RESIZE",
  "ON_CORRUPT",
  "CACHE",
  "CACHE_DIR",
  "CACHE_SIZE",
  "SPLIT",
].map((name) => `DATASET.${name}`);

const DATASETS = new Registry<DatasetDefinition<Dataset>>("data set", "registerDataset", [
  /^\w[\w-]*$/,
  "a word of letters, digits, _ and -, such as my_images",
]);

/**
 * Makes a data set known by its name, which `DATASET.TYPE` takes.
 *
 * @throws {RegistrationError} where the name is taken, or no name
 */
export function registerDataset(definition: DatasetDefinition): void {
  add(definition);
}

function add(definition: DatasetDefinition<Dataset>): void {
  const { name, doc, inMemory = true } = definition;
  DATASETS.add(name, definition);
  addChoice("DATASET.TYPE", name, {
    doc,
    unused: inMemory ? OF_IMAGE_FILES : [],
    imported: DATASETS.isImported(name),
  });
}

for (const definition of OWN) add(definition);

/** The data sets, the package's own first. */
export function datasets(): readonly DatasetDefinition<Dataset>[] {
  return DATASETS.all;
}

/** The data set of a name; undefined where there is none. */
export function findDataset(name: string): DatasetDefinition<Dataset> | undefined {
  return DATASETS.get(name);
}

/**
 * The data set of a name as in `DATASET.TYPE`.
 *
 * @throws {UserError} with the names there are
 */
export function datasetOf(name: string): DatasetDefinition<Dataset> {
  const found = DATASETS.get(name);
  if (found) return found;
  throw new UserError(
    `there is no data set ${JSON.stringify(name)}; DATASET.TYPE can be ${
      DATASETS.names.join(", ")
    }${importHint()}`,
  );
}

/** Whether a data set is an imported module's, whose images are not known to be what they should be. */
export function isImportedDataset(name: string): boolean {
  return DATASETS.isImported(name);
}
