/**
 * The engine as the pages import it: `wkd.js`, the one copy that both share.
 *
 * @module
 */

export * from "../../engine.ts";
export {
  fitPicture,
  luma,
  preparePicture,
  type Preprocessing,
} from "../../data/augment/prepare_picture.ts";
export type { Pixels } from "../../data/decode/pixels.ts";
export { KeyedRandom } from "../../data/random.ts";
export { castTensor } from "../../formats/cast_tensor.ts";
export { ReadbackRing } from "../../gpu/readback_ring.ts";
export { type HostTensor, readBack } from "../../tensor/read_back.ts";
export { TOTALS, TrainStep } from "../../train/train_step.ts";
