import { choicesOf } from "../../config/choices.ts";
import { distillers } from "../../distill/registry.ts";
import { UserError } from "../../errors.ts";
import { type ModelFamily, modelFamily } from "../../models/family.ts";
import { modelCost } from "../../models/model_cost.ts";
import { familyOf } from "../../models/registry.ts";

/** What a user asks of a distillation; null leaves it to {@linkcode decide}. */
export interface DistillRequest {
  /** Folder of the pictures, or the name of a data set. */
  readonly pictures: string;
  /** Name of the data set's type, such as `image_folder`. */
  readonly type: string;
  /** The teacher's architecture. */
  readonly teacher: string | null;
  /** File of its weights; null trains one first. */
  readonly teacherFile: string | null;
  /** File of weights that its training starts from; null where that is fresh ones. */
  readonly teacherInit: string | null;
  /** What the bytes of either come to, so that another one in its place is noticed. */
  readonly teacherHash: string | null;
  /** The student's architecture. */
  readonly student: string | null;
  /** `wkd_l_f`, `wkd_l`, `wkd_f`, or the name of a distiller. */
  readonly method: string;
  /** Passes over the pictures, of each model that is trained. */
  readonly epochs: number | null;
  /** Rows and columns that the models see. */
  readonly size: number | null;
  /** Images in a training batch. */
  readonly batch: number | null;
  /** Part of each class that is held out where the folder holds out nothing. */
  readonly share: number;
  /** Seed of everything. */
  readonly seed: number;
  /** Pairs of a dotted key and a YAML value for all runs, as typed. */
  readonly overrides: readonly string[];
}

/** What is known when it is decided. */
export interface Facts {
  /** Images to train on. */
  readonly images: number;
  /** Classes. */
  readonly classes: number;
  /** Channels. */
  readonly channels: number;
  /** Shorter side of half of the pictures is at least this, in pixels. */
  readonly side: number;
  /** Side that the images have whatever is asked for, as those of a data set in memory; null where it can be chosen. */
  readonly fixed: number | null;
  /** Family of the models whatever the side is; null where that decides. */
  readonly family: ModelFamily | null;
  /** Side that the teacher of a file was trained with; null where there is none, or nothing says it. */
  readonly taught: number | null;
  /** Whether the processor computes. */
  readonly software: boolean;
}

/** What was decided, with the reasons. */
export interface Decisions {
  /** Rows and columns that the models see. */
  readonly size: number;
  /** How pictures are cut: as CIFAR's, from memory, or as ImageNet's. */
  readonly transform: "cifar" | "imagenet";
  /** Family of both models, where it is not the one that is for images of that size. */
  readonly family: ModelFamily | null;
  /** Images in a training batch. */
  readonly batch: number;
  /** Passes over the images. */
  readonly epochs: number;
  /** Learning rate behind the warm-up. */
  readonly lr: number;
  /** Epochs of the warm-up. */
  readonly warmup: number;
  /** The teacher's architecture. */
  readonly teacher: string;
  /** The student's. */
  readonly student: string;
  /** A line on each thing that was decided, and why. */
  readonly why: readonly string[];
}

/** Methods that are a distiller with some of its settings. */
const METHODS: Readonly<Record<string, readonly string[]>> = {
  wkd_l_f: [],
  wkd_l: ["WKD.LOSS.WKD_FEAT_WEIGHT", "0"],
  wkd_f: ["WKD.LOSS.WKD_LOGIT_WEIGHT", "0"],
};

/** Teachers and students by what computes and what for. */
const PAIRS = {
  software: { cifar: ["resnet20", "resnet8"], imagenet: ["ResNet18", "MobileNetV1"] },
  hardware: { cifar: ["resnet32x4", "resnet8x4"], imagenet: ["ResNet34", "ResNet18"] },
} as const;

/** Multiply-adds that all training together may take by default: some minutes on two cores, and on a graphics card. */
const BUDGET = { software: 1.5e13, hardware: 1e16 };
const EPOCHS = { least: 8, most: { software: 100, hardware: 240 } };
/** Steps that an epoch should have at least. */
const STEPS = 8;
const BATCH = 64;
/** mdistiller's learning rate for batches of 64. */
const RATE = 0.05;
/** Sides that pictures are shown at, with the shorter side from which on. */
const SIDES = {
  software: [[128, 64], [0, 32]],
  hardware: [[160, 224], [96, 128], [48, 64], [0, 32]],
};

/** The distiller that a method names, and the settings that it stands for. */
export function methodSettings(method: string): { type: string; settings: readonly string[] } {
  if (Object.hasOwn(METHODS, method)) {
    return { type: "WKD", settings: [...METHODS[method], "WKD.COST_MATRIX", "cka"] };
  }
  const name = method.toUpperCase();
  const usable = distillers().filter(({ teacher }) => teacher !== false);
  if (usable.some((each) => each.name === name)) {
    return {
      type: name,
      settings: choicesOf("DISTILLER.TYPE").get(name)?.section?.COST_MATRIX
        ? [`${name}.COST_MATRIX`, "cka"]
        : [],
    };
  }
  const names = [...Object.keys(METHODS), ...usable.map((each) => each.name.toLowerCase())];
  throw new UserError(
    `there is no method ${JSON.stringify(method)}; --method can be ${names.join(", ")}`,
  );
}

/**
 * Chooses what nobody said, by what is there, and says why.
 *
 * @throws UserError for a model that is not there
 */
export function decide(request: DistillRequest, facts: Facts): Decisions {
  const kind = facts.software ? "software" : "hardware";
  const why: string[] = [];
  const size = decideSide(request, facts, why);
  const family = facts.family ?? modelFamily(size);
  const transform = family === "cifar" ? "cifar" : "imagenet";
  if (transform === "imagenet" && facts.fixed === null) {
    why.push("decoded pictures are kept in .cache/images: each epoch cuts them anew");
  }
  const [teacher, student] = decideModels(request, family, kind, why);
  const batch = decideBatch(request, facts, why);
  const cost = (name: string) =>
    modelCost(name, {
      family: familyOf(name, family),
      numClasses: facts.classes,
      inChannels: facts.channels,
      imageSize: size,
    }).multiplyAdds;
  const epochs = decideEpochs(request, facts, kind, [cost(teacher), cost(student)], why);
  const lr = Number((RATE * batch / BATCH).toPrecision(2));
  const warmup = Math.min(5, Math.floor(epochs / 10));
  why.push(
    `learning rate ${lr} along half a cosine${
      warmup > 0 ? `, behind ${warmup === 1 ? "1 epoch" : `${warmup} epochs`} of warm-up` : ""
    }: ${RATE} for batches of ${BATCH}`,
  );
  const other = family === modelFamily(size) ? null : family;
  return { size, transform, family: other, batch, epochs, lr, warmup, teacher, student, why };
}

function decideSide({ size }: DistillRequest, facts: Facts, why: string[]): number {
  const { fixed, side, software } = facts;
  if (fixed !== null) {
    if (size !== null && size !== fixed) {
      throw new UserError(`--size is for folders of pictures; these images have ${fixed} pixels`);
    }
    why.push(`image size ${fixed}: the data set's own`);
    return fixed;
  }
  if (size !== null) {
    why.push(`image size ${size}: as asked for`);
    return size;
  }
  if (facts.taught !== null) {
    why.push(`image size ${facts.taught}: the teacher's`);
    return facts.taught;
  }
  const [, chosen] = SIDES[software ? "software" : "hardware"].find(([from]) => side >= from)!;
  const [, larger] = SIDES.hardware.find(([from]) => side >= from)!;
  const less = chosen < larger
    ? `; the processor computes, a graphics card would get ${larger}`
    : "";
  why.push(`image size ${chosen}: half of the pictures have at least ${side} pixels${less}`);
  return chosen;
}

function decideModels(
  { teacher, teacherFile, teacherInit, student }: DistillRequest,
  family: ModelFamily,
  kind: "software" | "hardware",
  why: string[],
): [string, string] {
  const [usualTeacher, usualStudent] = PAIRS[kind][family];
  const images = family === "cifar" ? "small images" : "large images";
  const usual = `usual for ${images} on ${kind === "software" ? "a processor" : "a graphics card"}`;
  const reason = (given: string | null) => given === null ? usual : "as asked for";
  const named = [teacher ?? usualTeacher, student ?? usualStudent] as const;
  named.forEach((name) => familyOf(name, family));
  why.push(
    teacherFile === null
      ? `teacher ${named[0]}, trained here: ${
        teacherInit === null ? reason(teacher) : "from the weights that were given"
      }`
      : `teacher ${named[0]}: what its file holds`,
    `student ${named[1]}: ${reason(student)}`,
  );
  return [...named];
}

function decideBatch({ batch }: DistillRequest, { images }: Facts, why: string[]): number {
  if (batch !== null) {
    why.push(`batches of ${batch}: as asked for`);
    return batch;
  }
  const fitting = 2 ** Math.floor(Math.log2(Math.max(1, images / STEPS)));
  const chosen = Math.max(4, Math.min(BATCH, fitting));
  why.push(
    chosen === BATCH
      ? `batches of ${chosen}: as mdistiller's`
      : `batches of ${chosen}: ${images} images make ${Math.ceil(images / chosen)} steps an epoch`,
  );
  return chosen;
}

/** As many as the work allows: a step of training takes three forward passes, and the teacher's one of teaching. */
function decideEpochs(
  { epochs, teacherFile }: DistillRequest,
  { images }: Facts,
  kind: "software" | "hardware",
  [teacher, student]: readonly [number, number],
  why: string[],
): number {
  if (epochs !== null) {
    why.push(`epochs ${epochs}: as asked for`);
    return epochs;
  }
  const each = images * ((teacherFile === null ? 4 : 1) * teacher + 3 * student);
  const wanted = Math.round(BUDGET[kind] / each);
  const chosen = Math.max(EPOCHS.least, Math.min(EPOCHS.most[kind], wanted));
  why.push(
    `epochs ${chosen}: ${
      chosen < wanted
        ? "more are seldom of use"
        : chosen > wanted
        ? "fewer are too few to learn from"
        : `what ${kind === "software" ? "two cores" : "a graphics card"} can do in some 15 minutes`
    } with ${images.toLocaleString("en-US")} images`,
  );
  return chosen;
}
