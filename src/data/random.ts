/**
 * Random numbers from three keys: sfc32 (Chris Doty-Humphrey, PractRand), a 128-bit state seeded by the keys and mixed
 * for 12 rounds. The same keys give the same numbers on every machine, whatever was drawn before.
 */
export class KeyedRandom {
  #a = 0;
  #b = 0;
  #c = 0;
  #counter = 1;

  /** Starts at the keys; only the low 32 bits of each count. */
  constructor(seed = 0, epoch = 0, stream = 0) {
    this.reset(seed, epoch, stream);
  }

  /** Starts again at other keys, so that one generator can serve many images. */
  reset(seed: number, epoch: number, stream: number): void {
    this.#a = seed | 0;
    this.#b = epoch | 0;
    this.#c = stream | 0;
    this.#counter = 1;
    for (let round = 0; round < 12; round++) this.next();
  }

  /** An integer in [0, 2^32). */
  next(): number {
    const result = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + result) | 0;
    return result >>> 0;
  }

  /** An integer in [0, n), every one as likely; n is at most 2^32. */
  below(n: number): number {
    const fair = 2 ** 32 - (2 ** 32 % n);
    let value = this.next();
    while (value >= fair) value = this.next();
    return value % n;
  }

  /** A number from `from` up to, but not, `to`, in steps of 2^-32 of the way. */
  uniform(from: number, to: number): number {
    return from + (to - from) * (this.next() / 2 ** 32);
  }
}
