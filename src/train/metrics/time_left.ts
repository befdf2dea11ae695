/** An image of a training step takes about as long as so many of an evaluation, which has no backward pass. */
const FORWARDS = 3;

/** What {@linkcode TimeLeft} goes by. */
interface TimeLeftOptions {
  /** Epochs of the whole run. */
  readonly epochs: number;
  /** Training batches; with the images of an epoch. */
  readonly train: { readonly images: number };
  /** Batches of an evaluation. */
  readonly test: { readonly dataset: { readonly length: number } };
  /** An average that is evaluated as well. */
  readonly ema?: unknown;
}

/** Estimates how long a run still takes: what is left to train, and the evaluations behind it. */
export class TimeLeft {
  readonly #epochs: number;
  /** Of an epoch. */
  readonly #images: number;
  /** Of an epoch's evaluations. */
  readonly #testImages: number;
  /** Seconds of an epoch's evaluations; null before the first. */
  #testSeconds: number | null = null;
  #imagesPerSecond = 0;
  #started = 0;
  /** Images of the epoch's evaluations that ended before the one under way. */
  #before = 0;

  /** Knows nothing yet; `now` gives milliseconds. */
  constructor(
    { epochs, train, test, ema }: TimeLeftOptions,
    readonly now: () => number = () => performance.now(),
  ) {
    this.#epochs = epochs;
    this.#images = train.images;
    this.#testImages = test.dataset.length * (ema ? 2 : 1);
  }

  /** An epoch's evaluations begin. */
  startTest(): void {
    this.#started = this.now();
    this.#before = 0;
  }

  /** An epoch's evaluations are done. */
  endTest(): void {
    this.#testSeconds = this.#secondsOfTest;
  }

  /**
   * Seconds until the run ends, while it trains.
   *
   * @param epoch the epoch under way, counted from 1
   * @param done training images of it that are done
   */
  training(epoch: number, done: number, imagesPerSecond: number): number {
    this.#imagesPerSecond = imagesPerSecond;
    const left = this.#epochs - epoch + 1;
    const test = this.#testSeconds ?? this.#testImages / (FORWARDS * imagesPerSecond);
    return (left * this.#images - done) / imagesPerSecond + left * test;
  }

  /**
   * Seconds until the run ends, while it evaluates; infinite where nothing else is known of it.
   *
   * @param epoch the epoch under way, counted from 1
   * @param done images of the evaluation under way that are done
   * @param total images that it has
   */
  evaluating(epoch: number, done: number, total: number): number {
    const seconds = this.#secondsOfTest;
    const whole = seconds * this.#testImages / Math.max(this.#before + done, 1);
    if (done >= total) this.#before += total;
    const later = this.#epochs - epoch;
    const train = later > 0 ? this.#images / this.#imagesPerSecond : 0;
    return Math.max(0, whole - seconds) + later * (train + (this.#testSeconds ?? whole));
  }

  get #secondsOfTest(): number {
    return (this.now() - this.#started) / 1000;
  }
}
