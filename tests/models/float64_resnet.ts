import type { StateEntry } from "../../src/nn/module.ts";
import { norm } from "./reference.ts";

interface Planes {
  data: Float64Array;
  count: number;
  channels: number;
  size: number;
}

/** Which elements a ReLU lets through; null decides by the sign. */
export type Masks = ReadonlyMap<string, ArrayLike<number>>;

/** An element that a ReLU's given mask treats otherwise than its sign would. */
export interface Flip {
  at: string;
  preactivation: number;
}

/**
 * A CIFAR ResNet on square images in float64 with batch statistics: the loss and the gradients of
 * mean cross-entropy, written to be read, not to be fast.
 */
export class Float64ResNet {
  readonly flips: Flip[] = [];
  /** l2 norms of the gradients of the batch norms' weights and biases. */
  readonly gradientNorms = new Map<string, number>();
  loss = 0;
  readonly #gradients = new Map<Planes, Float64Array>();
  readonly #backward: (() => void)[] = [];

  /** `masks`: by the name of the batch norm before the ReLU, positive where it lets through. */
  constructor(
    readonly state: ReadonlyMap<string, StateEntry>,
    readonly masks: Masks | null,
  ) {}

  /** Forward and backward. `images` are [N, C, size, size]. */
  run(images: ArrayLike<number>, shape: readonly number[], labels: ArrayLike<number>): this {
    const [count, channels, size] = shape;
    const input = { data: Float64Array.from(images), count, channels, size };
    let x = this.#norm(this.#conv(input, "conv1", 1), "bn1", true);
    for (const stage of [1, 2, 3]) {
      for (let i = 0; this.state.has(`layer${stage}.${i}.conv1.weight`); i++) {
        x = this.#block(x, `layer${stage}.${i}`, stage > 1 && i === 0 ? 2 : 1);
      }
    }
    this.#classify(x, labels);
    for (const step of this.#backward.reverse()) step();
    return this;
  }

  #block(x: Planes, name: string, stride: number): Planes {
    const hidden = this.#norm(this.#conv(x, `${name}.conv1`, stride), `${name}.bn1`, true);
    const shortcut = this.state.has(`${name}.downsample.0.weight`)
      ? this.#norm(this.#conv(x, `${name}.downsample.0`, stride), `${name}.downsample.1`, false)
      : x;
    return this.#norm(this.#conv(hidden, `${name}.conv2`, 1), `${name}.bn2`, true, shortcut);
  }

  #gradient(x: Planes): Float64Array {
    let gradient = this.#gradients.get(x);
    if (!gradient) this.#gradients.set(x, gradient = new Float64Array(x.data.length));
    return gradient;
  }

  #conv(x: Planes, name: string, stride: number): Planes {
    const { shape: [outputs, inputs, kernel], data: weight } = this.state.get(`${name}.weight`)!;
    const padding = kernel >> 1;
    const size = Math.floor((x.size + 2 * padding - kernel) / stride) + 1;
    const y = planes(x.count, outputs, size);
    // Calls `row` for every tap and the part of a row of x and y that it joins.
    const rows = (row: (from: number, to: number, tap: number, length: number) => void) => {
      for (let plane = 0; plane < x.count * outputs; plane++) {
        const [image, output] = [Math.floor(plane / outputs), plane % outputs];
        for (let tap = 0; tap < inputs * kernel * kernel; tap++) {
          const input = image * inputs + Math.floor(tap / kernel / kernel);
          const [dy, dx] = [Math.floor(tap / kernel) % kernel - padding, tap % kernel - padding];
          const first = Math.max(0, Math.ceil(-dx / stride));
          const end = Math.min(size, Math.floor((x.size - 1 - dx) / stride) + 1);
          for (let r = 0; r < size; r++) {
            const line = r * stride + dy;
            if (line < 0 || line >= x.size) continue;
            const from = (input * x.size + line) * x.size + first * stride + dx;
            const value = weight[output * inputs * kernel * kernel + tap];
            row(from, (plane * size + r) * size + first, value, end - first);
          }
        }
      }
    };
    rows((from, to, tap, length) => {
      for (let i = 0; i < length; i++) y.data[to + i] += tap * x.data[from + i * stride];
    });
    this.#backward.push(() => {
      const [dy, dx] = [this.#gradient(y), this.#gradient(x)];
      rows((from, to, tap, length) => {
        for (let i = 0; i < length; i++) dx[from + i * stride] += tap * dy[to + i];
      });
    });
    return y;
  }

  #norm(x: Planes, name: string, relu: boolean, residual: Planes | null = null): Planes {
    const weight = this.state.get(`${name}.weight`)!.data;
    const bias = this.state.get(`${name}.bias`)!.data;
    const { channels, data } = x;
    const plane = x.size * x.size;
    const count = x.count * plane;
    const channel = (i: number) => Math.floor(i / plane) % channels;
    const mean = new Float64Array(channels);
    const inverse = new Float64Array(channels);
    data.forEach((value, i) => mean[channel(i)] += value / count);
    data.forEach((value, i) => inverse[channel(i)] += (value - mean[channel(i)]) ** 2 / count);
    inverse.forEach((variance, c) => inverse[c] = 1 / Math.sqrt(variance + 1e-5));
    const normal = data.map((value, i) => (value - mean[channel(i)]) * inverse[channel(i)]);
    const y = planes(x.count, channels, x.size);
    normal.forEach((value, i) => {
      const c = channel(i);
      y.data[i] = value * weight[c] + bias[c] + (residual ? residual.data[i] : 0);
    });
    const open = relu ? this.#relu(y, name) : null;
    this.#backward.push(() => {
      const dy = this.#gradient(y);
      open?.forEach((factor, i) => dy[i] *= factor);
      if (residual) this.#gradient(residual).forEach((_, i, to) => to[i] += dy[i]);
      const dweight = new Float64Array(channels);
      const dbias = new Float64Array(channels);
      dy.forEach((value, i) => {
        dbias[channel(i)] += value;
        dweight[channel(i)] += value * normal[i];
      });
      this.gradientNorms.set(`${name}.weight`, norm(dweight));
      this.gradientNorms.set(`${name}.bias`, norm(dbias));
      this.#gradient(x).forEach((_, i, dx) => {
        const c = channel(i);
        dx[i] += weight[c] * inverse[c] * (dy[i] - (dbias[c] + normal[i] * dweight[c]) / count);
      });
    });
    return y;
  }

  #relu(y: Planes, name: string): Uint8Array {
    const mask = this.masks?.get(name);
    return Uint8Array.from(y.data, (value, i) => {
      const open = mask ? mask[i] > 0 : value > 0;
      if (open !== value > 0) this.flips.push({ at: `${name}[${i}]`, preactivation: value });
      y.data[i] = Math.max(value, 0);
      return Number(open);
    });
  }

  #classify(x: Planes, labels: ArrayLike<number>): void {
    const weight = this.state.get("fc.weight")!.data;
    const bias = this.state.get("fc.bias")!.data;
    const { count, channels } = x;
    const plane = x.size * x.size;
    const dx = this.#gradient(x);
    for (let n = 0; n < count; n++) {
      const pooled = new Float64Array(channels);
      for (let i = 0; i < channels * plane; i++) {
        pooled[Math.floor(i / plane)] += x.data[n * channels * plane + i] / plane;
      }
      const logits = Float64Array.from(bias, (value, k) => {
        return pooled.reduce((sum, feature, c) => sum + feature * weight[k * channels + c], value);
      });
      const largest = Math.max(...logits);
      const total = logits.reduce((sum, value) => sum + Math.exp(value - largest), 0);
      const logTotal = largest + Math.log(total);
      this.loss += (logTotal - logits[labels[n]]) / count;
      logits.forEach((value, k) => {
        const gradient = (Math.exp(value - logTotal) - Number(k === labels[n])) / count / plane;
        for (let i = 0; i < channels * plane; i++) {
          const c = Math.floor(i / plane);
          dx[n * channels * plane + i] += gradient * weight[k * channels + c];
        }
      });
    }
  }
}

function planes(count: number, channels: number, size: number): Planes {
  return { data: new Float64Array(count * channels * size * size), count, channels, size };
}
