import type { ConfusionData, HeatData } from "../client/page_data.ts";

/** Changes with what the file says and how it is computed. */
export const MODEL_DATA_VERSION = 1;

/** What a model said of the images it was measured on, in base64, in the order of {@linkcode ModelData.labels}. */
export interface Predictions {
  /** Class that was found, int32; -1 where a logit was not finite. */
  readonly predicted: string;
  /** Its probability, float32, 0 to 1. */
  readonly confidence: string;
  /** Probability of the right class, float32, 0 to 1. */
  readonly truth: string;
}

/** A class that a model finds for an image, and how sure it is, 0 to 1. */
export interface Guess {
  /** The class. */
  readonly label: number;
  /** Its probability. */
  readonly probability: number;
}

/** An image with what both models make of it. */
export interface ShownImage {
  /** Its place among the images. */
  readonly image: number;
  /** Its class. */
  readonly label: number;
  /** The picture as a data address. */
  readonly picture: string;
  /** What the student finds, the likeliest first; at most three. */
  readonly student: readonly Guess[];
  /** What the teacher finds; null where there is none. */
  readonly teacher: readonly Guess[] | null;
}

/** Mass that WKD-L moves from a class of the teacher's to one of the student's. */
export interface Flow {
  /** The teacher's class. */
  readonly from: number;
  /** The student's class. */
  readonly to: number;
  /** How much, of 1. */
  readonly mass: number;
}

/** What WKD-L moves for an image. */
export interface TransportFigure {
  /** Its cost. */
  readonly distance: number;
  /** Mass that stays in its class, of 1. */
  readonly stays: number;
  /** The largest flows. */
  readonly flows: readonly Flow[];
  /** Probabilities of the classes in the drawing, among all but the image's own: the teacher's and the student's. */
  readonly classes: readonly {
    readonly label: number;
    readonly teacher: number;
    readonly student: number;
  }[];
}

/** An image that is looked at closely. */
export interface CloseImage extends ShownImage {
  /** What WKD-L moves; null without it. */
  readonly transport: TransportFigure | null;
  /** The picture with Grad-CAM over it as data addresses; null where that could not be made. */
  readonly attention: { readonly student: string; readonly teacher: string | null } | null;
}

/** Features of some images on a plane. */
export interface FeatureMap {
  /** Class of each image, among `classes`. */
  readonly labels: readonly number[];
  /** The classes that are shown. */
  readonly classes: readonly number[];
  /** Places, [images, 2] row-major, from 0 to 1000. */
  readonly student: readonly number[];
  /** The teacher's; null where there is none. */
  readonly teacher: readonly number[] | null;
  /** Shares of the variance on both axes, of both models, 0 to 1. */
  readonly shares: {
    readonly student: readonly number[];
    readonly teacher: readonly number[] | null;
  };
}

/** Costs between classes as WKD-L has them. */
export interface CostFigure {
  /** The matrix, classes in clustered order. */
  readonly heat: HeatData;
  /** Of each class the nearest ones, and their costs. */
  readonly nearest: readonly (readonly { readonly label: number; readonly cost: number }[])[];
}

/** How far the correlations of the student's logits are from the teacher's. */
export interface CorrelationFigure {
  /** Before the first step, with the weights that the student started from; null where these could not be made again. */
  readonly before: HeatData | null;
  /** Now. */
  readonly after: HeatData;
  /** Mean over all pairs of classes. */
  readonly means: { readonly before: number | null; readonly after: number };
  /** Images they are computed of. */
  readonly images: number;
}

/** Distances between the Gaussians of both models' features, image by image. */
export interface HintFigure {
  /** A row for each class, an image a cell, the nearest first; 0 past the last. */
  readonly heat: HeatData;
  /** Mean distance of each row. */
  readonly means: readonly number[];
  /** Index of the layer, as `WKD.HINT_LAYER` says it. */
  readonly layer: number;
}

/** A model by name and size. */
export interface ModelNote {
  /** Its architecture. */
  readonly name: string;
  /** Its parameters. */
  readonly parameters: number;
}

/** Figures that need the models. */
export interface ModelData {
  /** {@linkcode MODEL_DATA_VERSION}. */
  readonly version: number;
  /** Stands for the checkpoints and the settings that the figures are of. */
  readonly key: string;
  /** File of the student's weights, without its folder. */
  readonly checkpoint: string;
  /** Name of the images. */
  readonly dataset: string;
  /** Class names. */
  readonly classes: readonly string[];
  /** Class of each image, int32 in base64. */
  readonly labels: string;
  /** The student. */
  readonly student: ModelNote & Predictions;
  /** The teacher; null where there is none. */
  readonly teacher: (ModelNote & Predictions) | null;
  /** Confusion matrices, with the clustered order of the classes. */
  readonly confusion: ConfusionData;
  /** Images that the student is wrong about, the surest first. */
  readonly mistakes: readonly ShownImage[];
  /** Images that are looked at closely. */
  readonly close: readonly CloseImage[];
  /** The cost matrix. */
  readonly cost: CostFigure | null;
  /** Correlations of the logits. */
  readonly correlations: CorrelationFigure | null;
  /** Distances of the hint layer. */
  readonly hint: HintFigure | null;
  /** Features of both. */
  readonly map: FeatureMap | null;
  /** Why a figure is not there, in a sentence, by its name. */
  readonly missing: Readonly<Partial<Record<FigureName, string>>>;
}

/** Figures that may be missing. */
export type FigureName =
  | "teacher"
  | "cost"
  | "transport"
  | "correlations"
  | "before"
  | "hint"
  | "map"
  | "attention";
