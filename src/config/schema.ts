import { choicesOf, oneOf } from "./choices.ts";
import {
  autoBool,
  bool,
  choice,
  type Field,
  float,
  floats,
  int,
  path,
  paths,
  text,
} from "./field.ts";
import { LABEL_KEYS } from "./label_keys.ts";
import { TRAINING_KEYS } from "./training_keys.ts";

/** A text key that takes the name of something that is registered. */
function registered(key: string, value: string, doc: string): Field<string> {
  return {
    ...text(value, doc),
    get choices() {
      return [...choicesOf(key).keys()];
    },
  };
}

/** The key that remembers the modules that a run was made with. */
export const IMPORT = "EXPERIMENT.IMPORT";

/**
 * Every configuration key with its type, default and meaning. The names are mdistiller's and WKD's; a default that is
 * not theirs, or a key that they do not have, is said to be so in its text.
 */
export const SCHEMA = {
  EXPERIMENT: {
    PROJECT: text("distill", "First folder of the run under LOG.PREFIX."),
    NAME: text("", "Name of the run; empty makes it from EXPERIMENT.TAG."),
    TAG: text("default", "Labels of the run, separated by commas."),
    IMPORT: paths(
      [],
      "Ours: the modules that the run was made with; they are remembered here, and run where --import names them on the command line alone.",
    ),
  },
  DATASET: {
    TYPE: {
      ...text("cifar100", ""),
      get doc() {
        return `Data set: ${oneOf([...choicesOf("DATASET.TYPE").keys()])}.`;
      },
    },
    NUM_WORKERS: int(
      2,
      "Worker threads that decode image files; 0 decodes in the main thread. Data sets in memory have none.",
      { min: 0, max: 256 },
    ),
    NUM_CLASSES: int(
      0,
      "Class count; the data set itself says it, and this is compared with that of a folder of images. 0 is any.",
      { min: 0 },
    ),
    PREFETCH: bool(
      false,
      "WKD's loader on the GPU; read for compatibility and not used: batches are always made ahead.",
    ),
    TEST: { BATCH_SIZE: int(64, "Images in a batch of the evaluation.", { min: 1, memory: true }) },
    ROOT: path(
      "",
      "Ours: folder of the data (for CIFAR also its archive); empty is the data set's usual place, which TYPE says.",
    ),
    TRANSFORM: choice(
      ["auto", "imagenet", "cifar"],
      "auto",
      "Ours, for folders of images: imagenet trains on random parts of any size and evaluates the centre, decoding as it goes; cifar keeps all images in memory and shifts them by up to 4 pixels; auto is cifar where the images are at most 64 pixels large.",
    ),
    IMAGE_SIZE: int(
      0,
      "For folders of images: rows and columns that the model sees (DATASET.INPUT_SIZE in WKD's files); 0 is 224, or the images' own size with TRANSFORM cifar.",
      { min: 0 },
    ),
    RESIZE: int(
      0,
      "Ours, for folders of images: shorter side before the centre is cut out for evaluation; 0 is 256 for 224 and in that proportion, or IMAGE_SIZE with TRANSFORM cifar.",
      { min: 0 },
    ),
    NORMALIZE: choice(
      ["auto", "imagenet", "cifar10", "cifar100"],
      "auto",
      "Ours: whose mean and deviation images of three channels are normalised by; auto is the data set's own, and of folders of images imagenet, or cifar10 with TRANSFORM cifar.",
    ),
    ON_CORRUPT: choice(
      ["error", "skip"],
      "error",
      "Ours, for folders of images: an image that cannot be decoded ends the run, or is named and left out (in training the next one takes its place).",
    ),
    CACHE: bool(
      false,
      "Ours, for folders of images: keep decoded images in a packed cache, so that the next epochs do not decode again.",
    ),
    CACHE_DIR: path("", "Ours: folder of the packed cache; empty is .cache/images."),
    CACHE_SIZE: int(
      0,
      "Ours: largest shorter side of the training images in the packed cache, which they are cut out of then; 0 is RESIZE.",
      { min: 0 },
    ),
    SAMPLER: choice(
      ["shuffle", "balanced"],
      "shuffle",
      "Ours: which training images an epoch draws: shuffle takes each once; balanced as many with replacement, each class as often as any other, as PyTorch's WeightedRandomSampler with weights 1 / images of the class.",
    ),
    SUBSET: int(0, "Ours: train on the first n images of each class; 0 is all.", { min: 0 }),
    VALIDATION: float(
      0,
      "Ours: take the last n training images of each class out of training, or below 1 that share of them, and evaluate on them instead of the test images; 0 is off.",
      { min: 0 },
    ),
    SPLIT: path(
      "",
      "Ours, for folders of images: JSON file with the lists validation (evaluated instead of the test images) and left_out (not used) of paths below ROOT, as distill writes it; empty is none.",
    ),
    AUGMENT: {
      RAND_AUGMENT_OPS: int(
        0,
        "Ours: operations that torchvision's RandAugment applies to a training image, behind the crop and the mirror; 2 is usual, 0 is off.",
        { min: 0, max: 100 },
      ),
      RAND_AUGMENT_MAGNITUDE: int(
        9,
        "Ours: how strong those operations are, torchvision's magnitude of 31 steps.",
        { min: 0, max: 30 },
      ),
      COLOR_JITTER_BRIGHTNESS: float(
        0,
        "Ours: torchvision's ColorJitter, behind RandAugment: the brightness of a training image is multiplied by 1 - n to 1 + n; 0 is off.",
        { min: 0 },
      ),
      COLOR_JITTER_CONTRAST: float(0, "Ours: the same of the contrast.", { min: 0 }),
      COLOR_JITTER_SATURATION: float(
        0,
        "Ours: the same of the saturation; grey images have none.",
        {
          min: 0,
        },
      ),
      COLOR_JITTER_HUE: float(
        0,
        "Ours: the hue turns by -n to n of the whole circle; grey images have none.",
        { min: 0, max: 0.5 },
      ),
      RANDOM_ERASING: float(
        0,
        "Ours: how likely torchvision's RandomErasing overwrites a part of a normalised training image; 0 is off.",
        { min: 0, max: 1 },
      ),
      RANDOM_ERASING_SCALE: floats(
        [0.02, 0.33],
        "Ours: least and greatest part of the image's area that is erased.",
        { length: 2, min: 0, max: 1, ascending: true },
      ),
      RANDOM_ERASING_RATIO: floats(
        [0.3, 3.3],
        "Ours: least and greatest height of the erased part for a width of 1.",
        { length: 2, above: 0, ascending: true },
      ),
      RANDOM_ERASING_VALUE: choice(
        ["zero", "random"],
        "zero",
        "Ours: what is put there: 0, the mean of the images, or random normal numbers.",
      ),
    },
  },
  DISTILLER: {
    TYPE: registered(
      "DISTILLER.TYPE",
      "NONE",
      "Distillation method; NONE trains the student alone.",
    ),
    TEACHER: text("ResNet50", "Teacher's architecture."),
    STUDENT: text("resnet32", "Student's architecture."),
    TEACHER_CHECKPOINT: path(
      "",
      "Ours: file of the teacher's weights; empty is the usual place for the data set and the teacher.",
    ),
    STUDENT_CHECKPOINT: path(
      "",
      "Ours: file of weights that the student starts from; its last layer starts fresh where theirs has other classes. Empty is fresh weights; --resume does not read it.",
    ),
  },
  MODEL: {
    FAMILY: choice(
      ["auto", "cifar", "imagenet"],
      "auto",
      "Ours: which of two models of one name is meant, such as ResNet18: cifar is for images of about 32 x 32, imagenet of about 224 x 224; auto goes by the data set or the images' height (imagenet above 64).",
    ),
  },
  TEACHER: {
    MEAN: floats(
      [],
      "Ours: mean of each channel, in units of 255, that the teacher's images are normalised by, where that is not what the student's are; empty is what its checkpoint says of its training, or else the student's.",
    ),
    STD: floats(
      [],
      "Ours: standard deviation of each channel, in units of 255, for the teacher; goes with MEAN.",
      { above: 0 },
    ),
  },
  SOLVER: {
    TRAINER: choice(
      ["base", "crd"],
      "base",
      "mdistiller's training loop; read for compatibility and not used: DISTILLER.TYPE CRD draws its contrast samples itself.",
    ),
    BATCH_SIZE: int(64, "Images in a training batch.", { min: 1, memory: true }),
    DROP_LAST: bool(
      false,
      "Ours: leave out the images of an epoch that fill no whole batch, as PyTorch's drop_last; the authors train on them.",
    ),
    EPOCHS: int(240, "Passes over the training images.", { min: 1 }),
    ...LABEL_KEYS,
    LR: float(0.05, "Learning rate at the start, behind the warm-up.", { above: 0 }),
    LR_SCHEDULE: registered(
      "SOLVER.LR_SCHEDULE",
      "step",
      "Ours: how the learning rate goes on from LR.",
    ),
    WARMUP_EPOCHS: float(
      0,
      "Ours: epochs, or a part of one, in which the learning rate first rises to LR in equal steps, whatever the schedule.",
      { min: 0 },
    ),
    WARMUP_START_FACTOR: float(0.01, "Ours: part of LR that the rise starts at.", {
      above: 0,
      max: 1,
    }),
    WEIGHT_DECAY: float(
      1e-4,
      "Weight decay as PyTorch's optimiser of that name applies it: an L2 penalty with SGD, decoupled with AdamW.",
      { min: 0 },
    ),
    TYPE: registered("SOLVER.TYPE", "SGD", "Optimiser."),
    ACCUMULATE: int(
      1,
      "Ours: batches whose mean gradient makes one update; at an epoch's end, of as many as are left.",
      { min: 1 },
    ),
    CLIP_GRAD_NORM: float(
      0,
      "Ours: most that the l2 norm of all gradients may be; they are scaled down to it. 0 is off.",
      { min: 0 },
    ),
    AMP: bool(
      false,
      "Ours: mixed precision as PyTorch's autocast and GradScaler: the networks in float16 where the adapter has shader-f16, losses in float32, the loss scaled so that small gradients survive.",
    ),
    ...TRAINING_KEYS,
    SEED: int(
      0,
      "Seed of the weights, the order of the images and their augmentation (EXPERIMENT.SEED in WKD's files).",
      { min: 0, max: 0xffffffff },
    ),
  },
  LOG: {
    TENSORBOARD_FREQ: int(
      500,
      "Steps between two points of TensorBoard and metrics.jsonl; both have every epoch too.",
      { min: 1 },
    ),
    SAVE_CHECKPOINT_FREQ: int(40, "Epochs between two epoch_N checkpoints.", { min: 1 }),
    PREFIX: path("./output", "Folder that runs are written to."),
    CHECKPOINT_FORMAT: choice(
      ["torch", "safetensors"],
      "torch",
      "Ours: torch writes checkpoints as the authors do (latest, student_best and so on, for torch.load); safetensors writes latest.safetensors and so on.",
    ),
    REPORT: choice(
      ["auto", "full", "logs", "none"],
      "auto",
      "Ours: the page report.html that train and distill make of a run at its end: full has everything, for which both models see the test images once more; logs has what the run's logs say, which takes a moment; auto is full in runs of 500 steps and more that train on ten times as many images as they are measured on, else logs; none is off.",
    ),
    WANDB: autoBool(
      "Send the figures of every epoch to W&B, where WANDB_API_KEY is set and the package @wandb/sdk is installed; else nothing is sent anywhere, and a run that has True, the authors' default, says so. Ours: auto does not.",
    ),
  },
};

/** Keys of the authors' files that are the same setting as one of ours. */
export const ALIASES: ReadonlyMap<string, string> = new Map([
  ["EXPERIMENT.SEED", "SOLVER.SEED"],
  ["DATASET.INPUT_SIZE", "DATASET.IMAGE_SIZE"],
]);

/** The sections that every run uses. */
export const COMMON_SECTIONS: readonly string[] = [
  "EXPERIMENT",
  "DATASET",
  "DISTILLER",
  "MODEL",
  "TEACHER",
  "SOLVER",
  "LOG",
];
