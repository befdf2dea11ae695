/**
 * The engine as the pages import it: `wkd.js`, the one copy that both share.
 *
 * @module
 */

export * from "../../engine.ts";
export { Resampler } from "../../data/augment/resampler.ts";
export { evalPixels, PlaneWriter } from "../../data/augment/transform_pixels.ts";
export type { Pixels } from "../../data/decode/pixels.ts";
export { type Preprocessing, transformOf } from "../../data/preprocessing.ts";
export { KeyedRandom } from "../../data/random.ts";
export { castTensor } from "../../formats/cast_tensor.ts";
export { ReadbackRing } from "../../gpu/readback_ring.ts";
export { renormalise } from "../../models/renormalise.ts";
export { type HostTensor, readBack } from "../../tensor/read_back.ts";
export { TOTALS } from "../../train/metrics/step_totals.ts";
export { TrainStep } from "../../train/train_step.ts";
