import type { ConvTransposeOptions } from "../ops/conv/conv_transpose2d.ts";
import { pair } from "../ops/pool/geometry.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { pythonPair } from "./module_text.ts";

/** What PyTorch prints of a convolution; of a transposed one the weight is the other way round. */
export function convRepr(
  { weight, bias }: { readonly weight: Tensor; readonly bias: Tensor | null },
  options: ConvTransposeOptions,
  transposed: boolean,
): string {
  const { stride = 1, padding = 0, dilation = 1, groups = 1, outputPadding = 0 } = options;
  const [first, second, height, width] = weight.shape;
  const [inputs, outputs] = transposed ? [first, second * groups] : [second * groups, first];
  const unless = (name: string, value: number | readonly [number, number], usual: number) =>
    pair(value).every((each) => each === usual) ? [] : [`${name}=${pythonPair(value)}`];
  return [
    ...[inputs, outputs, `kernel_size=(${height}, ${width})`, `stride=${pythonPair(stride)}`],
    ...unless("padding", padding, 0),
    ...unless("dilation", dilation, 1),
    ...unless("output_padding", outputPadding, 0),
    ...(groups === 1 ? [] : [`groups=${groups}`]),
    ...(bias ? [] : ["bias=False"]),
  ].join(", ");
}
