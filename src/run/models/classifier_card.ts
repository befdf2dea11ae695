import { rememberImports, resolveConfig } from "../../config/resolve_config.ts";
import type { DatasetConfig } from "../../data/dataset_config.ts";
import type { DatasetInfo } from "../../data/image_dataset.ts";
import { NORMALISATIONS } from "../../data/images/normalisations.ts";
import { datasetFacts } from "../../data/load_dataset.ts";
import {
  type DatasetFacts,
  describePreprocessing,
  parseClasses,
  parsePreprocessing,
  type Preprocessing,
  preprocessingOf,
} from "../../data/preprocessing.ts";
import { UserError } from "../../errors.ts";
import { modelState } from "../../formats/model_state.ts";
import { type ModelFamily, modelFamily } from "../../models/family.ts";
import {
  describeFit,
  fitsSomeModel,
  type FittingModel,
  fittingModels,
  shapesOf,
  type StateShapes,
} from "../../models/fitting_models.ts";
import { familyOf } from "../../models/registry.ts";
// What is registered is in the schema.
import "../../optim/registry.ts";
import { type Checkpoint, inFile } from "../checkpoints/checkpoint.ts";

/** What a classifier takes and says. */
export interface ClassifierCard {
  /** Its architecture's name, as `DISTILLER.STUDENT` has it. */
  readonly model: string;
  /** Which of two models of that name. */
  readonly family: ModelFamily;
  /** Classes. */
  readonly numClasses: number;
  /** Channels of the images. */
  readonly inChannels: number;
  /** Class names in the order of the logits; null where nothing says them. */
  readonly classes: readonly string[] | null;
  /** What becomes of a picture before the model sees it; null where nothing says it. */
  readonly preprocessing: Preprocessing | null;
}

/** What a user says of a checkpoint that does not say it itself, or says it otherwise. */
export interface ClassifierOverrides {
  /** Architecture. */
  readonly model?: string;
  /** Class names in the order of the logits. */
  readonly classes?: readonly string[];
  /** The data set whose class names and preprocessing are taken. */
  readonly dataset?: DatasetConfig;
  /** Rows and columns that the model sees, in pixels. */
  readonly size?: number;
  /** Shorter side before the centre is cut out, in pixels. */
  readonly resize?: number;
  /** Mean of each channel, in units of 255. */
  readonly mean?: readonly number[];
  /** Standard deviation of each channel, in units of 255. */
  readonly std?: readonly number[];
}

/** Takes a sentence about what was decided. */
export type Tell = (message: string) => void;

/** What a checkpoint's metadata say of the images that its model was made for, as JSON: `classes` and `preprocessing`. */
export function imageMetadata(images: DatasetInfo): Record<"classes" | "preprocessing", string> {
  return {
    classes: JSON.stringify(images.classes),
    preprocessing: JSON.stringify(preprocessingOf(images)),
  };
}

/**
 * The architecture of a checkpoint's model: the one asked for, what its metadata say, or the only one that its tensors fit.
 *
 * @param option the option to name in the error, such as `--model`
 * @throws CheckpointError where the file is damaged, UserError where nothing says the architecture
 */
export function modelNameOf(
  checkpoint: Checkpoint,
  wanted: string | undefined,
  option: string,
  tell: Tell,
): string {
  const { path, metadata } = checkpoint;
  if (wanted) return wanted;
  if (metadata.model) return metadata.model;
  const { models, nearest } = fittingModels(shapesIn(checkpoint));
  const names = [...new Set(models.map(({ name }) => name))];
  if (names.length === 1) {
    tell(`${path} does not say which model it holds; its tensors fit ${describeFit(models[0])}`);
    return names[0];
  }
  const hint = names.length > 0
    ? ` (its tensors fit ${names.join(" and ")})`
    : nearest
    ? ` (its tensors fit none that is known here; most like them is ${nearest.name})`
    : "";
  throw new UserError(`${path} does not say which model it holds; name it with ${option}${hint}`);
}

function shapesIn({ path, value }: Checkpoint): StateShapes {
  const { tensors } = inFile(path, () => modelState(value, fitsSomeModel));
  return shapesOf(tensors);
}

/**
 * What a checkpoint says of its model, and what follows from the configuration of its run where it is an older one. What the
 * user says wins. Pictures for a model of which nothing is known are prepared as its family's usually are, which is told.
 *
 * @throws UserError where nothing says the architecture, it is not known here, or what the user says does not fit it
 * @throws CheckpointError where the file is damaged
 */
export function readCard(
  checkpoint: Checkpoint,
  overrides: ClassifierOverrides,
  tell: Tell,
): ClassifierCard {
  rememberImports(checkpoint.metadata.config ?? "");
  const name = modelNameOf(checkpoint, overrides.model, "--model", tell);
  const facts = factsOf(checkpoint, overrides, tell);
  const fit = fitOf(name, checkpoint, facts);
  const known = { classes: knownClasses(fit, facts, overrides), ...sizes(fit) };
  const preprocessing = knownPreprocessing(checkpoint.path, fit, facts, overrides, tell);
  return { model: name, family: fit.family, ...known, preprocessing };
}

function sizes({ numClasses, inChannels }: FittingModel) {
  return { numClasses, inChannels };
}

/** What is known of the images, the user's data set first. */
function factsOf(
  checkpoint: Checkpoint,
  { dataset }: ClassifierOverrides,
  tell: Tell,
): DatasetFacts {
  const { path, metadata } = checkpoint;
  const wanted = dataset ? datasetFacts(dataset) : null;
  const read = <T>(key: string, parse: (json: string) => T | null): T | null => {
    const text = metadata[key];
    const value = text === undefined ? null : parse(text);
    if (text !== undefined && value === null) {
      tell(`${path}: what its metadata say of ${key} is not understood, and left out`);
    }
    return value;
  };
  const classes = wanted?.classes ?? read("classes", parseClasses);
  const preprocessing = wanted?.preprocessing ?? read("preprocessing", parsePreprocessing);
  const { config } = metadata;
  if (config === undefined || (classes && preprocessing)) return { classes, preprocessing };
  const { DATASET } = resolveConfig(config, `the configuration in ${path}`);
  const followed = datasetFacts(DATASET);
  return {
    classes: classes ?? followed?.classes ?? null,
    preprocessing: preprocessing ?? followed?.preprocessing ?? null,
  };
}

/** Classes and channels of a model by its tensors, or by its images where its last layer is not its last tensor. */
function fitOf(
  name: string,
  checkpoint: Checkpoint,
  { classes, preprocessing }: DatasetFacts,
): FittingModel {
  const usual = familyOf(name, preprocessing ? modelFamily(preprocessing.height) : undefined);
  const shapes = shapesIn(checkpoint);
  const fits = fittingModels(shapes).models.filter((model) => model.name === name);
  const [first = null] = [...fits.filter(({ family }) => family === usual), ...fits];
  return first ?? {
    ...{ name, family: usual, inChannels: preprocessing?.channels ?? 3 },
    numClasses: classes?.length ?? [...shapes.values()].at(-1)?.[0] ?? 1,
  };
}

function knownClasses(
  { name, numClasses }: FittingModel,
  facts: DatasetFacts,
  { classes, dataset }: ClassifierOverrides,
): readonly string[] | null {
  const has = `and the model ${name} has ${numClasses}`;
  if (classes) {
    if (classes.length === numClasses) return classes;
    throw new UserError(
      `--classes names ${classes.length} class${classes.length === 1 ? "" : "es"}, ${has}`,
    );
  }
  if (!facts.classes || facts.classes.length === numClasses) return facts.classes;
  if (!dataset) return null;
  throw new UserError(`the data set ${dataset.TYPE} has ${facts.classes.length} classes, ${has}`);
}

function knownPreprocessing(
  path: string,
  fit: FittingModel,
  facts: DatasetFacts,
  overrides: ClassifierOverrides,
  tell: Tell,
): Preprocessing | null {
  const { dataset, size, resize, mean, std } = overrides;
  const { name, inChannels } = fit;
  const said = facts.preprocessing;
  if (said && said.channels !== inChannels && dataset) {
    throw new UserError(
      `the images of ${dataset.TYPE} have ${said.channels} channels, and the model ${name} takes ${inChannels}`,
    );
  }
  const fits = said?.channels === inChannels ? said : null;
  const base = fits ?? usualPreprocessing(fit);
  const sized = size === undefined ? base : withSize(base, size, inChannels);
  if (!sized) return null;
  const whole = {
    ...sized,
    ...(resize !== undefined && { resize }),
    mean: perChannel("--mean", mean, inChannels) ?? sized.mean,
    std: perChannel("--std", std, inChannels) ?? sized.std,
  };
  if (whole.mean.length === 0 || whole.std.length === 0) return null;
  if (whole.resize !== null && whole.resize < whole.height) {
    throw new UserError(
      `--resize must be at least the size ${whole.height}, which is cut out of it; got ${whole.resize}`,
    );
  }
  if (!fits && !(mean && std && size)) {
    tell(
      `${path} does not say how pictures are prepared; they are as for ${
        fit.family === "imagenet" ? "ImageNet" : "CIFAR"
      }: ${
        describePreprocessing(whole)
      } (-d, --cfg, --size, --resize, --mean and --std say otherwise)`,
    );
  }
  return whole;
}

/** What models of a family are usually shown; null where there is no usual. */
function usualPreprocessing(
  { family, inChannels: channels, numClasses }: FittingModel,
): Preprocessing | null {
  if (channels !== 3) return null;
  if (family === "imagenet") {
    return { channels, height: 224, width: 224, resize: 256, ...NORMALISATIONS.imagenet };
  }
  const figures = numClasses === 100 ? NORMALISATIONS.cifar100 : NORMALISATIONS.cifar10;
  return { channels, height: 32, width: 32, resize: null, ...figures };
}

/** Another size, with the margin around the centre in proportion; mean and deviation are empty where there are none yet. */
function withSize(base: Preprocessing | null, size: number, channels: number): Preprocessing {
  const { height = size, resize = null, mean = [], std = [] } = base ?? {};
  const scaled = resize === null ? null : Math.round(size * resize / height);
  return { channels, height: size, width: size, resize: scaled, mean, std };
}

function perChannel(
  option: string,
  numbers: readonly number[] | undefined,
  channels: number,
): readonly number[] | undefined {
  if (!numbers || numbers.length === channels) return numbers;
  throw new UserError(
    `${option} wants ${channels} number${channels === 1 ? "" : "s"}, one for each channel; got ${
      numbers.join(",")
    }`,
  );
}
