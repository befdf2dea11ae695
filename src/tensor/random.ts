/**
 * Seeded random numbers: xoshiro128** (Blackman and Vigna, 2018) seeded by splitmix32.
 * The same seed gives the same numbers on every machine.
 */
export class Generator {
  readonly #state = new Uint32Array(4);

  /** `seed`: an integer; its low 32 bits count. */
  constructor(seed: number) {
    let x = seed >>> 0;
    for (let i = 0; i < 4; i++) {
      x = (x + 0x9e3779b9) >>> 0;
      let z = x;
      z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
      this.#state[i] = z ^ (z >>> 15);
    }
  }

  /** An integer in [0, 2^32). */
  nextUint32(): number {
    const s = this.#state;
    const result = Math.imul(rotl(Math.imul(s[1], 5), 7), 9) >>> 0;
    const t = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 11);
    return result;
  }

  /** A number in [0, 1). */
  next(): number {
    return this.nextUint32() / 2 ** 32;
  }
}

function rotl(x: number, k: number): number {
  return (x << k) | (x >>> (32 - k));
}

/** Fills with uniform numbers in [low, high). */
export function fillUniform(
  target: Float32Array,
  generator: Generator,
  low: number,
  high: number,
): void {
  for (let i = 0; i < target.length; i++) target[i] = low + (high - low) * generator.next();
}

/** Fills with normal numbers by the Box-Muller transform. */
export function fillNormal(
  target: Float32Array,
  generator: Generator,
  mean: number,
  std: number,
): void {
  for (let i = 0; i < target.length; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(1 - generator.next()));
    const angle = 2 * Math.PI * generator.next();
    target[i] = mean + std * radius * Math.cos(angle);
    if (i + 1 < target.length) target[i + 1] = mean + std * radius * Math.sin(angle);
  }
}
