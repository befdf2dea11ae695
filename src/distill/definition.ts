import type { Section, ValuesOf } from "../config/field.ts";
import type { Model } from "../models/model.ts";
import type { Shape } from "../tensor/shape.ts";
import type { Distiller } from "./distiller.ts";

/** The images of a run, as far as a distiller may need to know them. */
export interface TrainingImages {
  /** How many there are. */
  readonly length: number;
  /** Class of each image, [length]. */
  readonly labels: Int32Array;
  /** Class names. */
  readonly classes: readonly string[];
}

/** Shapes of a model's features for one image. */
export interface FeatureShapes {
  /** After the stem and every stage, each [1, C, H, W]. */
  readonly feats: readonly Shape[];
  /** The same before the activation; empty where the model has none. */
  readonly preactFeats: readonly Shape[];
  /** What the classifier takes, [1, C]. */
  readonly pooledFeat: Shape;
}

/** What a distiller is built from. */
export interface DistillerParts<O> {
  /** The values of its own keys. */
  readonly options: O;
  /** The model that is trained. */
  readonly student: Model;
  /**
   * The model that teaches, in eval mode and without gradients.
   *
   * @throws {RangeError} where the definition says that there is none
   */
  readonly teacher: Model;
  /** The student's name, for errors. */
  readonly studentName: string;
  /** The teacher's name, for errors. */
  readonly teacherName: string;
  /** The training images; batches tell which of them they hold (`Distiller.startStep`). */
  readonly images: TrainingImages;
  /** Images of a training batch. */
  readonly batchSize: number;
  /** Epochs of the run. */
  readonly epochs: number;
  /** Seed of the run. */
  readonly seed: number;
  /** Shapes of the features of both models; nothing is computed for them. */
  featureShapes(): { readonly student: FeatureShapes; readonly teacher: FeatureShapes };
  /**
   * Costs between the classes, [classes, classes] in row-major order, as the keys of `costMatrixKeys()` say, not yet
   * sharpened; wants {@linkcode DistillerDefinition.costMatrix}.
   *
   * @throws {UserError} naming the file where it cannot be used
   */
  costMatrix(): Promise<Float32Array>;
  /** Tells the user in one sentence what can be computed but is hardly meant. */
  warn(message: string): void;
}

/** Everything about a distiller. */
export interface DistillerDefinition<K extends Section> {
  /** Its name as in `DISTILLER.TYPE`, and that of its section: capital letters, digits and underscores. */
  readonly name: string;
  /** What it does and whose it is, in a sentence. */
  readonly doc: string;
  /** Its configuration keys with their defaults and texts, by names in capital letters; sections may be nested. */
  readonly keys: K;
  /** Whether it wants a teacher; default true. */
  readonly teacher?: boolean;
  /**
   * How its losses look across the images of a batch, which ranks may share: `compares` takes those of all ranks where
   * `gatherBatch()` gives them, `remembers` keeps something of them that all ranks have alike. Default not at all.
   */
  readonly acrossImages?: "compares" | "remembers";
  /** Whether it wants a cost matrix with these values of its keys, among which `costMatrixKeys()` are then; default never. */
  costMatrix?(options: ValuesOf<K>): boolean;
  /**
   * The values of its keys with what follows from the models and the other values for those that are `auto`. What it returns
   * is what {@linkcode build} gets and what the run's configuration shows; default the values as they are.
   *
   * @throws {UserError} where nothing follows
   */
  settle?(parts: Omit<DistillerParts<ValuesOf<K>>, "costMatrix" | "warn">): ValuesOf<K>;
  /**
   * Makes the distiller.
   *
   * @throws {UserError} naming the key where the values do not fit the models or the images
   */
  build(parts: DistillerParts<ValuesOf<K>>): Distiller | Promise<Distiller>;
}

/** A definition whose keys are not known to the compiler. */
export interface AnyDistiller
  extends Pick<DistillerDefinition<Section>, "name" | "doc" | "keys" | "teacher" | "acrossImages"> {
  /** Whether it wants a cost matrix. */
  costMatrix?(options: unknown): boolean;
  /** Settles the values that are `auto`. */
  settle?(parts: Omit<DistillerParts<unknown>, "costMatrix" | "warn">): ValuesOf<Section>;
  /** Makes the distiller. */
  build(parts: DistillerParts<unknown>): Distiller | Promise<Distiller>;
}

/** A definition as it is registered; the compiler knows the types of the options from the keys. */
export function defineDistiller<K extends Section>(
  definition: DistillerDefinition<K>,
): AnyDistiller {
  return definition as unknown as AnyDistiller;
}
