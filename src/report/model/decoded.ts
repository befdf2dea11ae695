import { fromBase64 } from "../client/bytes.ts";
import type { ModelData, Predictions } from "./model_data.ts";

/** Predictions as numbers. */
export interface Decoded {
  readonly predicted: Int32Array;
  readonly confidence: Float32Array;
  readonly truth: Float32Array;
}

/** The class of each image. */
export function labelsOf({ labels }: ModelData): Int32Array {
  return new Int32Array(fromBase64(labels).buffer as ArrayBuffer);
}

/** What a model said of each image. */
export function decoded({ predicted, confidence, truth }: Predictions): Decoded {
  const bytes = (text: string) => fromBase64(text).buffer as ArrayBuffer;
  return {
    predicted: new Int32Array(bytes(predicted)),
    confidence: new Float32Array(bytes(confidence)),
    truth: new Float32Array(bytes(truth)),
  };
}

/** Top-1 in percent. */
export function top1Of(labels: Int32Array, { predicted }: Decoded): number {
  const right = labels.reduce((sum, label, i) => sum + Number(predicted[i] === label), 0);
  return 100 * right / Math.max(1, labels.length);
}
