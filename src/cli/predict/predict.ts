import { asTyped, typedPath } from "../../config/typed_path.ts";
import { DecodePool } from "../../data/decode/decode_pool.ts";
import { findPictures, type Picture } from "../../data/pictures/find_pictures.ts";
import { type PictureBatch, pictureBatches } from "../../data/pictures/picture_batches.ts";
import type { Preprocessing } from "../../data/preprocessing.ts";
import { UserError } from "../../errors.ts";
import { AtomicFile } from "../../formats/atomic_write.ts";
import { fileExists } from "../../formats/paths.ts";
import { shown } from "../../formats/visible.ts";
import type { Gpu } from "../../gpu/gpu.ts";
import { lostStreams } from "../../logging/terminal.ts";
import { formatSeconds, plural } from "../../logging/text.ts";
import { type Classifier, openClassifier } from "../../run/models/classifier.ts";
import { advising, smaller } from "../../run/memory_error.ts";
import { likeliest, Predictor } from "../../train/predictor.ts";
import { type CardFlags, cardOverrides } from "../checkpoints/card_overrides.ts";
import { openComputeDevice } from "../device/open_device.ts";
import {
  csvSink,
  jsonSink,
  type PictureFailure,
  type PredictionSink,
  textSink,
} from "./predict_report.ts";
import { countBar } from "../terminal/count_bar.ts";
import { FAILED, interruptSignal } from "../terminal/interrupt_signal.ts";
import { note, warn } from "../terminal/notes.ts";

/** Options of the `predict` command. */
interface PredictFlags extends CardFlags {
  /** A run's folder, or a checkpoint. */
  readonly ckpt: string;
  /** Classes that are told of a picture; default 5. */
  readonly top?: number;
  /** Print JSON. */
  readonly json?: boolean;
  /** File of a table. */
  readonly csv?: string;
  /** Replace that file if it is there. */
  readonly overwrite?: boolean;
  /** Pictures in a batch; default 100. */
  readonly batchSize?: number;
  /** Threads that decode; default: as many as there are cores, up to 8. */
  readonly workers?: number;
  /** Kind of adapter. */
  readonly device?: string;
  /** Time variants of kernels, or do not; default on hardware. */
  readonly tune?: boolean;
}

const TOP = 5;
const BATCH_SIZE = 100;
const MOST_WORKERS = 8;
/** Pictures up to which starting threads takes longer than decoding. */
const FEW = 4;
/** Longest path that a message shows. */
const LONGEST_PATH = 400;

/**
 * Tells what is on pictures.
 *
 * @param words files, folders, patterns and `-`, as the program opens them
 * @returns the exit status: 1 where a picture could not be read
 */
export async function predict(words: readonly string[], flags: PredictFlags): Promise<number> {
  if (flags.csv && !flags.overwrite && fileExists(flags.csv)) {
    throw new UserError(`${flags.csv} is already there; replace it with --overwrite`);
  }
  const overrides = cardOverrides(flags);
  const found = await findPictures(words, readStdin, typedPath);
  const failures = new Failures();
  for (const { path, reason } of found.failures) failures.add({ path: asTyped(path), reason });
  const gpu = await openComputeDevice(flags.device, flags.tune);
  const classifier = openClassifier(flags.ckpt, overrides, note);
  using resources = new DisposableStack();
  resources.defer(() => classifier.model.dispose());
  const preprocessing = preprocessingOf(classifier);
  const csv = flags.csv === undefined ? null : resources.use(new AtomicFile(flags.csv));
  const sink = sinkOf(classifier, flags, gpu, csv);
  const batchSize = Math.min(flags.batchSize ?? BATCH_SIZE, Math.max(1, found.pictures.length));
  const work = { gpu, classifier, preprocessing, batchSize, sink, failures };
  const status = await advising(
    () => smaller([{ name: "--batch-size", value: batchSize, usual: BATCH_SIZE }]),
    () => run(found.pictures, { ...work, flags }),
  );
  sink.end(failures.list, status !== null);
  if (status !== null) return status;
  return failures.sumUp(found.pictures.length + found.failures.length);
}

/** @throws UserError where nothing says how pictures are prepared, or the model takes no pictures */
function preprocessingOf({ path, card }: Classifier): Preprocessing {
  const { model, inChannels, preprocessing } = card;
  if (inChannels !== 1 && inChannels !== 3) {
    throw new UserError(
      `the model ${model} in ${path} takes images of ${inChannels} channels; pictures have 1 or 3`,
    );
  }
  if (preprocessing) return preprocessing;
  throw new UserError(
    `${path} does not say how pictures are prepared for ${model} (${
      plural(inChannels, "channel")
    }): say it with -d, or --cfg, or --size, --mean and --std`,
  );
}

function sinkOf(
  { card: { model, classes }, path }: Classifier,
  { json, top = TOP }: PredictFlags,
  { info }: Gpu,
  csv: AtomicFile | null,
): PredictionSink {
  const print = (line: string) => console.log(line);
  const head = {
    ...{ model, checkpoint: asTyped(path) },
    device: info.description || info.device || info.vendor,
  };
  const table = csv && csvSink(classes, csv);
  if (table && !json) return table;
  const printed = json ? jsonSink(classes, head, print) : textSink(classes, top, print);
  if (!table) return printed;
  return {
    add: (prediction) => [table, printed].forEach((sink) => sink.add(prediction)),
    end: (failures, stopped) => [table, printed].forEach((sink) => sink.end(failures, stopped)),
  };
}

interface Work {
  readonly gpu: Gpu;
  readonly classifier: Classifier;
  readonly preprocessing: Preprocessing;
  readonly batchSize: number;
  readonly sink: PredictionSink;
  readonly failures: Failures;
  readonly flags: PredictFlags;
}

/** Classifies the pictures; returns the exit status where that was stopped, else null. */
async function run(pictures: readonly Picture[], work: Work): Promise<number | null> {
  const { gpu, classifier: { model }, preprocessing, batchSize, failures, flags } = work;
  const { channels, height, width } = preprocessing;
  const most = Math.min(navigator.hardwareConcurrency, MOST_WORKERS);
  const pool = new DecodePool(flags.workers ?? (pictures.length > FEW ? most : 0));
  const interrupt = interruptSignal(
    flags.csv === undefined ? "stopping" : "stopping; the table is not written",
  );
  const bar = countBar("looking at", "pictures");
  const shows = flags.csv !== undefined || !Deno.stdout.isTerminal();
  const start = performance.now();
  let done = 0;
  const tell = (logits: Float32Array, batch: PictureBatch) => {
    bar.clear();
    tellBatch(logits, batch, work);
    done += batch.pictures.length;
    if (shows) bar.update(done, pictures.length);
  };
  using resources = new DisposableStack();
  resources.defer(() => bar.clear());
  resources.defer(() => interrupt.dispose());
  resources.adopt(pool, (it) => it.close());
  const shape = [batchSize, channels, height, width] as const;
  const predictor = resources.adopt(new Predictor(gpu, model, shape, tell), (it) => it.dispose());
  const isUnread = () => flags.csv === undefined && isClosed();
  let warned = false;
  for await (const batch of pictureBatches(pictures, { preprocessing, batchSize, pool })) {
    if (batch.deepGrey && !warned) tellDeepGrey(batch.deepGrey);
    warned ||= batch.deepGrey !== undefined;
    await predictor.run(batch.images, batch);
    if (interrupt.signal.aborted || isUnread()) break;
  }
  await predictor.drain();
  bar.clear();
  if (interrupt.signal.aborted) return interrupt.status;
  if (isUnread()) return failures.list.length > 0 ? FAILED : 0;
  const seconds = (performance.now() - start) / 1000;
  if (pictures.length > batchSize) console.error(speed(pictures.length, seconds));
  return null;
}

function speed(count: number, seconds: number): string {
  return `${count.toLocaleString("en-US")} pictures in ${formatSeconds(seconds)} (${
    (count / seconds).toPrecision(3)
  } pictures/s)`;
}

/** Whether nobody reads the output any more. */
function isClosed(): boolean {
  return lostStreams().some(({ stream, closed }) => stream === "stdout" && closed);
}

function tellBatch(
  logits: Float32Array,
  { pictures, failures: unread }: PictureBatch,
  { batchSize, sink, failures, flags: { top = TOP } }: Work,
): void {
  const classes = logits.length / batchSize;
  for (const [at, picture] of pictures.entries()) {
    const path = nameOf(picture);
    const reason = unread.get(at);
    const predictions = reason === undefined
      ? likeliest(logits.subarray(at * classes, (at + 1) * classes), top)
      : null;
    if (predictions) sink.add({ path, predictions });
    else failures.add({ path, reason: reason ?? "what the model makes of it is not finite" });
  }
}

/** A picture's file as it would be typed. */
function nameOf({ path, bytes }: Picture): string {
  return bytes ? path : asTyped(path);
}

function tellDeepGrey(picture: Picture): void {
  warn(
    `${
      shown(nameOf(picture), LONGEST_PATH)
    } is grey of more than 8 bits: as in Pillow and torchvision, all ` +
      "that is above 255 is white",
  );
}

/** The pictures that could not be read, named as they come. */
class Failures {
  readonly list: PictureFailure[] = [];

  add({ path, reason }: PictureFailure): void {
    this.list.push({ path, reason });
    const name = path === "-" ? "standard input" : shown(path, LONGEST_PATH);
    note(`cannot read ${name}: ${reason}`);
  }

  /** Tells how many there were; returns the exit status. */
  sumUp(total: number): number {
    const { length } = this.list;
    if (length === 0) return 0;
    if (total > 1) {
      console.error(`error: ${length} of ${total} pictures could not be read, named above`);
    }
    return FAILED;
  }
}

async function readStdin(): Promise<Uint8Array> {
  if (Deno.stdin.isTerminal()) {
    throw new UserError("- is standard input, and nothing is piped into it; name pictures instead");
  }
  return new Uint8Array(await new Response(Deno.stdin.readable).arrayBuffer());
}
