import { permute } from "../../ops/shape/permute.ts";
import { reshape } from "../../ops/shape/reshape.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/**
 * Takes one channel of each group in turn, so that the next groups see all of them (Zhang et al., 2018). PyTorch:
 * `torch.nn.ChannelShuffle`.
 *
 * @param x [N, C, H, W], C a multiple of `groups`
 */
export function channelShuffle(x: Tensor, groups: number): Tensor {
  if (groups === 1) return x;
  const [images, channels, height, width] = x.shape;
  const grouped = reshape(x, [images, groups, channels / groups, height * width]);
  return reshape(permute(grouped, [0, 2, 1, 3]), x.shape);
}
