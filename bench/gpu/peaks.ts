import fmaCode from "./fma_peak.wgsl" with { type: "text" };
import type { Gpu } from "../../src/gpu/gpu.ts";
import { Kernel } from "../../src/gpu/kernel.ts";
import { Tensor } from "../../src/tensor/core.ts";
import { secondsOf } from "./measure.ts";

const fmaKernel = new Kernel("fma_peak", fmaCode);

/** What a card does at most, as its maker says. */
interface Peak {
  /** Float32 without tensor cores, in TFLOP/s. */
  readonly tflops: number;
  /** Memory, in GB/s. */
  readonly gbps: number;
}

/** By a part of the adapter's name, the more special first. Source: the makers' data sheets. */
const PEAKS: readonly (readonly [RegExp, Peak])[] = [
  [/H200|GH200/, { tflops: 66.9, gbps: 4800 }],
  [/H100.*PCIe/, { tflops: 51.2, gbps: 2000 }],
  [/H100/, { tflops: 66.9, gbps: 3350 }],
  [/A100.*80/, { tflops: 19.5, gbps: 2039 }],
  [/A100/, { tflops: 19.5, gbps: 1555 }],
  [/L40S/, { tflops: 91.6, gbps: 864 }],
  [/\bL4\b/, { tflops: 30.3, gbps: 300 }],
  [/A10G?\b/, { tflops: 31.2, gbps: 600 }],
  [/V100/, { tflops: 15.7, gbps: 900 }],
  [/\bT4\b/, { tflops: 8.1, gbps: 320 }],
  [/RTX 5090/, { tflops: 104.8, gbps: 1792 }],
  [/RTX 4090/, { tflops: 82.6, gbps: 1008 }],
  [/RTX 4080/, { tflops: 48.7, gbps: 717 }],
  [/RTX 3090/, { tflops: 35.6, gbps: 936 }],
  [/RTX 3080/, { tflops: 29.8, gbps: 760 }],
  [/RTX 3060/, { tflops: 12.7, gbps: 360 }],
  [/MI300X/, { tflops: 163.4, gbps: 5300 }],
  [/7900 XTX/, { tflops: 61.4, gbps: 960 }],
  [/6900 XT/, { tflops: 23.0, gbps: 512 }],
];

/** Where a figure of {@linkcode CardPeak} is from. */
type PeakSource = "environment" | "data sheet" | "measured";

/** What shares are shares of. */
export interface CardPeak {
  readonly tflops: number;
  readonly tflopsFrom: PeakSource;
  /** Null where nothing says it. */
  readonly gbps: number | null;
  readonly gbpsFrom: PeakSource | null;
  /** What a kernel of nothing but multiply-adds reached, in TFLOP/s. */
  readonly measuredTflops: number;
}

/**
 * A card's peaks: what WKD_PEAK_TFLOPS and WKD_PEAK_GBPS say, or the data sheet, or for arithmetic what a kernel of nothing but
 * multiply-adds reaches.
 */
export async function cardPeak(gpu: Gpu, small: boolean): Promise<CardPeak> {
  const name = [gpu.info.description, gpu.info.device].join(" ");
  const known = PEAKS.find(([pattern]) => pattern.test(name))?.[1];
  const measuredTflops = await measuredPeak(gpu, small);
  const [tflops, gbps] = ["WKD_PEAK_TFLOPS", "WKD_PEAK_GBPS"].map((variable) => {
    const value = Number(Deno.env.get(variable));
    return value > 0 ? value : null;
  });
  return {
    tflops: tflops ?? known?.tflops ?? measuredTflops,
    tflopsFrom: tflops ? "environment" : known ? "data sheet" : "measured",
    gbps: gbps ?? known?.gbps ?? null,
    gbpsFrom: gbps ? "environment" : known ? "data sheet" : null,
    measuredTflops,
  };
}

async function measuredPeak(gpu: Gpu, small: boolean): Promise<number> {
  const threads = gpu.software ? 4096 : 1 << 21;
  const turns = gpu.software ? 64 : 256;
  const seconds = await secondsOf(gpu, () => {
    gpu.dispatch(fmaKernel, {
      bindings: { y: Tensor.result(gpu, [threads]) },
      params: { turns },
      workgroups: [threads / 128],
    });
  }, small);
  return threads * turns * 8 * 8 * 4 * 2 / seconds / 1e12;
}
