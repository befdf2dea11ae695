/** A model by its name and size. */
export interface ModelSummary {
  /** The architecture's name. */
  readonly name: string;
  /** How many numbers are trained. */
  readonly parameters: number;
}

/** Training starts or goes on. */
export interface RunStart {
  /** Tells the event from the others. */
  readonly type: "run_start";
  /** The settings that are not the defaults, as text, to print. */
  readonly config: string;
  /** Epochs of the whole run. */
  readonly epochs: number;
  /** Training steps of an epoch. */
  readonly stepsPerEpoch: number;
  /** The first epoch that is trained now, counted from 1; more than 1 where a run goes on. */
  readonly startEpoch: number;
  /** Folder of the run's files. */
  readonly outputDir: string;
  /** The teacher; null where the student trains alone. */
  readonly teacher: ModelSummary | null;
  /** The student. */
  readonly student: ModelSummary;
  /** The adapter's name. */
  readonly device: string;
}

/** A kernel is being compiled. */
export interface Compile {
  /** Tells the event from the others. */
  readonly type: "compile";
  /** Kernels compiled so far. */
  readonly pipelines: number;
  /** Milliseconds spent compiling so far. */
  readonly ms: number;
  /** Name of the kernel being compiled; null when none is left. */
  readonly current: string | null;
}

/** Metrics of the training steps since the last such event were read back. */
export interface Step {
  /** Tells the event from the others. */
  readonly type: "step";
  /** Epoch, counted from 1. */
  readonly epoch: number;
  /** Steps of this epoch that are done. */
  readonly step: number;
  /** Training steps of an epoch. */
  readonly stepsPerEpoch: number;
  /** Learning rate. */
  readonly lr: number;
  /** Mean of the whole loss over the epoch so far. */
  readonly loss: number;
  /** Mean of each of its terms over the epoch so far, by name, such as `loss_ce`. */
  readonly losses: Readonly<Record<string, number>>;
  /** Top-1 accuracy over the epoch so far, in percent. */
  readonly top1: number;
  /** Training images a second that the device has finished. */
  readonly imagesPerSecond: number;
  /** The loss scaler; missing without mixed precision. */
  readonly scaling?: ScalingMetrics;
  /** Seconds until the run ends, its evaluations among them. */
  readonly etaSeconds: number;
}

/** Metrics of the training steps since the point before, or since the epoch's start. */
export interface Point {
  /** Tells the event from the others. */
  readonly type: "point";
  /** Epoch, counted from 1. */
  readonly epoch: number;
  /** Steps of this epoch that are done. */
  readonly step: number;
  /** Steps of the run that are done, over all epochs. */
  readonly globalStep: number;
  /** Steps that the means go over. */
  readonly steps: number;
  /** Learning rate. */
  readonly lr: number;
  /** Mean of the whole loss. */
  readonly loss: number;
  /** Mean of each of its terms by name, such as `loss_ce`. */
  readonly losses: Readonly<Record<string, number>>;
  /** Top-1 accuracy in percent. */
  readonly top1: number;
  /** Top-5 accuracy in percent; missing where there are five classes or fewer, since it is 100 then. */
  readonly top5?: number;
  /** Training images a second over the epoch so far. */
  readonly imagesPerSecond: number;
}

/** The loss scaler of mixed precision (SOLVER.AMP). */
export interface ScalingMetrics {
  /** What the next loss is multiplied by. */
  readonly scale: number;
  /** Steps of the whole run that were skipped because a gradient was not finite. */
  readonly skippedSteps: number;
  /** How many of them came last, one after the other. */
  readonly skippedInARow: number;
}

/** How an epoch's training went. */
export interface TrainMetrics {
  /** Mean of the whole loss. */
  readonly loss: number;
  /** Mean of each of its terms by name, such as `loss_ce`. */
  readonly losses: Readonly<Record<string, number>>;
  /** Top-1 accuracy in percent. */
  readonly top1: number;
  /** Top-5 accuracy in percent; missing where there are five classes or fewer, since it is 100 then. */
  readonly top5?: number;
  /** Seconds of the training part. */
  readonly seconds: number;
  /** Seconds in which no step could run for want of its batch. */
  readonly dataSeconds: number;
  /** The other seconds: those of the steps themselves. */
  readonly stepSeconds: number;
  /** JavaScript time of a step, in milliseconds. */
  readonly jsMsPerStep: number;
  /** The loss scaler; missing without mixed precision. */
  readonly scaling?: ScalingMetrics;
  /** Training images a second. */
  readonly imagesPerSecond: number;
}

/** How an evaluation went. */
export interface TestMetrics {
  /** Mean cross-entropy; may be infinite or NaN. */
  readonly loss: number;
  /** Top-1 accuracy in percent. */
  readonly top1: number;
  /** Top-5 accuracy in percent; missing where there are five classes or fewer, since it is 100 then. */
  readonly top5?: number;
  /** Mean of the classes' top-1 accuracies in percent; missing where they have as many images each, since it is `top1` then. */
  readonly balancedAccuracy?: number;
  /** Seconds it took. */
  readonly seconds: number;
}

/** Test images are being evaluated, after an epoch's training. */
export interface Evaluate {
  /** Tells the event from the others. */
  readonly type: "evaluate";
  /** Epoch, counted from 1. */
  readonly epoch: number;
  /** Images that are done. */
  readonly done: number;
  /** Images there are. */
  readonly total: number;
  /** Seconds until the run ends; infinite where nothing is known yet. */
  readonly etaSeconds: number;
}

/** How the average of the student (SOLVER.EMA_DECAY) does. */
export interface AverageEnd {
  /** Its evaluation. */
  readonly test: TestMetrics;
  /** Best top-1 accuracy of its evaluations so far, in percent. */
  readonly bestTop1: number;
  /** The epoch it was reached in. */
  readonly bestEpoch: number;
}

/** An epoch was trained and evaluated. */
export interface EpochEnd {
  /** Tells the event from the others. */
  readonly type: "epoch_end";
  /** Epoch, counted from 1. */
  readonly epoch: number;
  /** Epochs of the whole run. */
  readonly epochs: number;
  /** Learning rate of the epoch. */
  readonly lr: number;
  /** The training part. */
  readonly train: TrainMetrics;
  /** The evaluation. */
  readonly test: TestMetrics;
  /** Best top-1 accuracy of the evaluations so far, in percent. */
  readonly bestTop1: number;
  /** The epoch it was reached in. */
  readonly bestEpoch: number;
  /** Steps of the run that are done, over all epochs; missing in files of older versions. */
  readonly globalStep?: number;
  /** Images that it was evaluated on; missing in files of older versions. */
  readonly testImages?: number;
  /** The most device memory that tensors had at once so far, in bytes; missing in files of older versions. */
  readonly memory?: number;
  /** Epochs since it, or that of the average, became better; missing where a run does not end early. */
  readonly stale?: number;
  /** The student's average; missing where there is none. */
  readonly ema?: AverageEnd;
}

/** A checkpoint was written. */
export interface Checkpoint {
  /** Tells the event from the others. */
  readonly type: "checkpoint";
  /** Its kind: `latest`, `best`, `epoch_40`, `student_best` and so on. */
  readonly kind: string;
  /** The file. */
  readonly path: string;
}

/** The cost matrix that a run lacks is being made. */
export interface CostMatrixProgress {
  /** Tells the event from the others. */
  readonly type: "cost_matrix";
  /** What is counted: `images` that the teacher has seen, or `blocks` of classes that were compared. */
  readonly what: string;
  /** How many are done. */
  readonly done: number;
  /** How many there are. */
  readonly total: number;
}

/** Something is not as it should be, but training goes on. */
export interface Warning {
  /** Tells the event from the others. */
  readonly type: "warning";
  /** One sentence. */
  readonly message: string;
}

/** Something worth knowing. */
export interface Note {
  /** Tells the event from the others. */
  readonly type: "note";
  /** One sentence. */
  readonly message: string;
}

/** The run was stopped and saved before its end. */
export interface Interrupted {
  /** Tells the event from the others. */
  readonly type: "interrupted";
  /** Epoch, counted from 1. */
  readonly epoch: number;
  /** Steps of that epoch that are done. */
  readonly step: number;
  /** The command that takes the run up again. */
  readonly resumeCommand: string;
}

/** All epochs are done. */
export interface RunEnd {
  /** Tells the event from the others. */
  readonly type: "run_end";
  /** Best top-1 accuracy of the evaluations, in percent. */
  readonly bestTop1: number;
  /** The epoch it was reached in. */
  readonly bestEpoch: number;
  /** The best of the student's average; missing where there is none. */
  readonly ema?: Omit<AverageEnd, "test">;
  /** Top-1 accuracy after the last epoch, in percent. */
  readonly lastTop1: number;
  /** Epochs that were trained. */
  readonly epochs: number;
  /** Who taught; missing where nobody did. */
  readonly teacher?: {
    /** The architecture's name. */
    readonly name: string;
    /** Its top-1 accuracy over the same images, in percent; missing where it was not measured. */
    readonly top1?: number;
  };
  /** File of the run's report; missing where none was made. */
  readonly report?: string;
  /** Seconds the run took, over all its parts. */
  readonly seconds: number;
  /** Folder of the run's files. */
  readonly outputDir: string;
}

/** What the trainer tells its listeners. Epochs count from 1, accuracies are percent from 0 to 100. */
export type TrainEvent =
  | RunStart
  | Compile
  | Step
  | Point
  | Evaluate
  | EpochEnd
  | Checkpoint
  | CostMatrixProgress
  | Warning
  | Note
  | Interrupted
  | RunEnd;

/** A listener to the trainer, such as a progress bar or a log file. */
export type EventSink = (event: TrainEvent) => void;

/** One listener that passes every event on to each of the given ones, in their order. */
export function combine(...sinks: readonly EventSink[]): EventSink {
  return (event) => {
    for (const sink of sinks) sink(event);
  };
}
