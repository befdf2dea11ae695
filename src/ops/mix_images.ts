import code from "../../kernels/augment/mix_images.wgsl" with { type: "text" };
import { Kernel } from "../gpu/kernel.ts";
import type { Tensor } from "../tensor/core.ts";
import { linearGrid } from "./grid.ts";
import { requireFloat } from "./require_dtype.ts";

const mixImagesKernel = new Kernel("mix_images", code);

/**
 * Mixes the images of a batch in pairs, in place and outside of the tape: image n with image N - 1 - n. Inside of the box
 * they exchange their pixels, elsewhere each becomes `weight` times itself and `1 - weight` times the other. The image in
 * the middle of an odd number stays as it is. timm: `Mixup._mix_batch`.
 *
 * @param images float32 [N, C, H, W]
 * @param mix float32 [5]: weight, then top, bottom, left and right of the box, the second and fourth outside of it
 */
export function mixImages(images: Tensor, mix: Tensor): void {
  requireFloat("mixImages", images, mix);
  const [count, channels, height, width] = images.shape;
  if (count < 2) return;
  const size = channels * height * width;
  images.gpu.dispatch(mixImagesKernel, {
    bindings: { images, mix },
    params: { images: count, size, height, width },
    workgroups: linearGrid(Math.ceil(Math.floor(count / 2) * size / 64)),
  });
}
