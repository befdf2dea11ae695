import { Linear } from "../nn/linear.ts";
import { Module } from "../nn/module.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** A linear layer whose results are divided by their length. mdistiller: `Embed`. */
export class Embed extends Module {
  readonly linear: Linear;

  /** From `inputs` to `outputs` numbers a sample. */
  constructor(inputs: number, outputs: number) {
    super();
    this.linear = new Linear(inputs, outputs);
  }

  /** [N, ...] with `inputs` numbers a sample to [N, outputs]. */
  forward(x: Tensor): Tensor {
    const y = this.linear.forward(x.flatten(1)).to("float32");
    return y.div(y.pow(2).sum({ dims: 1, keepDims: true }).sqrt());
  }
}
