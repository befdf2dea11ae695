import type { ConvGeometry } from "../../src/ops/conv/geometry.ts";

/** A convolution and its gradients in float64, one multiply-add after the other. */
export function convReference(
  g: ConvGeometry,
  x: Float32Array,
  w: Float32Array,
  dy: Float32Array,
): { y: Float64Array; dx: Float64Array; dw: Float64Array } {
  const [y, dx, dw] = [dy, x, w].map(({ length }) => new Float64Array(length));
  const inGroup = g.inChannels / g.groups;
  const outGroup = g.outChannels / g.groups;
  for (let n = 0; n < g.images; n++) {
    for (let o = 0; o < g.outChannels; o++) {
      const first = Math.floor(o / outGroup) * inGroup;
      for (let oy = 0; oy < g.outHeight; oy++) {
        for (let ox = 0; ox < g.outWidth; ox++) {
          const out = ((n * g.outChannels + o) * g.outHeight + oy) * g.outWidth + ox;
          for (let i = 0; i < inGroup; i++) {
            for (let ky = 0; ky < g.kernelY; ky++) {
              const iy = oy * g.strideY - g.padY + ky * g.dilationY;
              if (iy < 0 || iy >= g.height) continue;
              for (let kx = 0; kx < g.kernelX; kx++) {
                const ix = ox * g.strideX - g.padX + kx * g.dilationX;
                if (ix < 0 || ix >= g.width) continue;
                const at = ((n * g.inChannels + first + i) * g.height + iy) * g.width + ix;
                const weight = ((o * inGroup + i) * g.kernelY + ky) * g.kernelX + kx;
                y[out] += w[weight] * x[at];
                dx[at] += w[weight] * dy[out];
                dw[weight] += x[at] * dy[out];
              }
            }
          }
        }
      }
    }
  }
  return { y, dx, dw };
}

/** `a b` of [m, k] and [k, n], in float64. */
export function productReference(
  a: Float32Array,
  b: Float32Array,
  [m, n, k]: readonly [number, number, number],
): Float64Array {
  const c = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let l = 0; l < k; l++) {
      for (let j = 0; j < n; j++) c[i * n + j] += a[i * k + l] * b[l * n + j];
    }
  }
  return c;
}

/** Batch normalisation by the batch and ReLU, and the gradient of its input, in float64; x is [images, channels, plane]. */
export function batchNormReference(
  x: Float32Array,
  dy: Float32Array,
  [images, channels, plane]: readonly [number, number, number],
): { y: Float64Array; dx: Float64Array } {
  const [y, dx] = [new Float64Array(x.length), new Float64Array(x.length)];
  const count = images * plane;
  for (let c = 0; c < channels; c++) {
    const places = Array.from(
      { length: count },
      (_, e) => (Math.floor(e / plane) * channels + c) * plane + e % plane,
    );
    const mean = places.reduce((sum, at) => sum + x[at], 0) / count;
    const variance = places.reduce((sum, at) => sum + (x[at] - mean) ** 2, 0) / count;
    const inverse = 1 / Math.sqrt(variance + 1e-5);
    const normal = (at: number) => (x[at] - mean) * inverse;
    const dz = (at: number) => normal(at) > 0 ? dy[at] : 0;
    const sum = places.reduce((total, at) => total + dz(at), 0) / count;
    const along = places.reduce((total, at) => total + dz(at) * normal(at), 0) / count;
    for (const at of places) {
      y[at] = Math.max(normal(at), 0);
      dx[at] = inverse * (dz(at) - sum - normal(at) * along);
    }
  }
  return { y, dx };
}

/** Sinkhorn's distance of each sample, in float64; `cost` is the ground cost as the kernel has it. */
export function sinkhornReference(
  p: Float32Array,
  q: Float32Array,
  cost: Float32Array,
  { classes, iterations, lambda }: { classes: number; iterations: number; lambda: number },
): Float64Array {
  const ground = Float64Array.from(cost, (d) => Math.max(d, 0) + 1e-8);
  const kernel = ground.map((d) => Math.exp(-d / lambda));
  return Float64Array.from({ length: p.length / classes }, (_, n) => {
    const u = new Float64Array(classes).fill(1 / classes);
    const v = new Float64Array(classes);
    for (let t = 0; t < iterations; t++) {
      for (let j = 0; j < classes; j++) {
        let sum = 1e-8;
        for (let i = 0; i < classes; i++) sum += u[i] * kernel[i * classes + j];
        v[j] = q[n * classes + j] / sum;
      }
      for (let i = 0; i < classes; i++) {
        let sum = 1e-8;
        for (let j = 0; j < classes; j++) sum += v[j] * kernel[i * classes + j];
        u[i] = p[n * classes + i] / sum;
      }
    }
    let total = 0;
    for (let i = 0; i < classes; i++) {
      for (let j = 0; j < classes; j++) {
        total += u[i] * kernel[i * classes + j] * ground[i * classes + j] * v[j];
      }
    }
    return total;
  });
}
