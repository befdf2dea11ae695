import code from "../../../kernels/norm/layer_norm.wgsl" with { type: "text" };
import gradCode from "../../../kernels/norm/layer_norm_grad.wgsl" with { type: "text" };
import paramGradCode from "../../../kernels/norm/layer_norm_param_grad.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import { autocastInput } from "../../tensor/autocast.ts";
import { track } from "../../tensor/autograd.ts";
import { Tensor } from "../../tensor/core.ts";
import { checkOptions } from "../../options.ts";
import { formatShape, numel, sameShape, type Shape } from "../../tensor/shape.ts";
import { linearGrid } from "../grid.ts";
import type { ReduceLayout } from "../reduce/layout.ts";
import { reduce } from "../reduce/reduce.ts";
import { requireFloat } from "../require_dtype.ts";
import { rowGroups } from "../row_groups.ts";

const layerNormKernel = new Kernel("layer_norm", code);
const layerNormGradKernel = new Kernel("layer_norm_grad", gradCode);
const paramGradKernel = new Kernel("layer_norm_param_grad", paramGradCode);

/** Rows whose parameter gradients one thread adds up. */
const ROWS_EACH = 64;

/** Options of {@linkcode layerNorm}. */
export interface LayerNormOptions {
  /** Factor after the normalisation, of the normalised shape, or null. Default null. */
  weight?: Tensor | null;
  /** Added after it, of the normalised shape, or null. Default null. */
  bias?: Tensor | null;
  /** Added to the variance. Default 1e-5. */
  eps?: number;
}

/**
 * `(x - mean) / sqrt(variance + eps) * weight + bias` over the last dimensions, with the biased variance.
 * PyTorch: `torch.nn.functional.layer_norm`.
 *
 * @param x float32 [..., ...shape]
 * @param shape sizes of the last dimensions, which are normalised together
 * @throws RangeError when the shapes do not fit, TypeError for integers or unknown options.
 */
export function layerNorm(x: Tensor, shape: Shape, options: LayerNormOptions = {}): Tensor {
  checkOptions<LayerNormOptions>("layerNorm()", options, { weight: true, bias: true, eps: true });
  const { weight = null, bias = null, eps = 1e-5 } = options;
  x = autocastInput("layerNorm", x);
  const parameters = [weight, bias].filter((each) => each !== null);
  requireFloat("layerNorm", x, ...parameters);
  const fits = shape.length > 0 && sameShape(x.shape.slice(-shape.length), shape);
  const other = parameters.find((each) => !sameShape(each.shape, shape));
  if (!fits || other) {
    throw new RangeError(
      `layerNorm() over ${formatShape(shape)} of shape ${formatShape(x.shape)}` +
        (other ? ` with a parameter of shape ${formatShape(other.shape)}` : "") +
        ": the last dimensions, and parameters of their shape, wanted",
    );
  }
  const count = numel(shape);
  const rows = x.numel / count;
  const y = Tensor.result(x.gpu, x.shape);
  const stats = Tensor.result(x.gpu, [rows, 2]);
  const { values, workgroups } = rowGroups(x.gpu, rows);
  x.gpu.dispatch(layerNormKernel, {
    bindings: { x, y, stats, weight, bias },
    params: { rows, count, eps },
    values: { ...values, WEIGHT: Number(weight !== null), BIAS: Number(bias !== null) },
    workgroups,
  });
  return track(["layer_norm", { shape, weight, bias, eps }], [x, ...parameters], y, (dy) => {
    const dx = x.requiresGrad ? inputGradient(x, dy, stats, weight, { rows, count }) : null;
    if (!parameters.some((each) => each.requiresGrad)) return [dx, ...parameters.map(() => null)];
    const [dweight, dbias] = parameterGradients(x, dy, stats, shape, { rows, count });
    return [dx, ...(weight ? [dweight] : []), ...(bias ? [dbias] : [])];
  }, [stats]);
}

interface Rows {
  readonly rows: number;
  readonly count: number;
}

function inputGradient(x: Tensor, dy: Tensor, stats: Tensor, weight: Tensor | null, params: Rows) {
  const dx = Tensor.result(x.gpu, x.shape);
  const { values, workgroups } = rowGroups(x.gpu, params.rows);
  x.gpu.dispatch(layerNormGradKernel, {
    bindings: { x, dy, stats, dx, weight },
    params: { ...params },
    values: { ...values, WEIGHT: Number(weight !== null) },
    workgroups,
  });
  return dx;
}

/** Of the weight and of the bias; the rows are added in parts, which a second pass joins in their order. */
function parameterGradients(x: Tensor, dy: Tensor, stats: Tensor, shape: Shape, rows: Rows) {
  const { gpu } = x;
  const { count } = rows;
  const splits = Math.ceil(rows.rows / ROWS_EACH);
  const partials = Tensor.result(gpu, [2, splits, count]);
  gpu.dispatch(paramGradKernel, {
    bindings: { x, dy, stats, partials },
    params: { ...rows, splits, part: ROWS_EACH },
    workgroups: linearGrid(Math.ceil(splits * count / 64)),
  });
  const layout: ReduceLayout = { outer: 2, count: splits, inner: count };
  const both = splits === 1 ? partials.alias([2, count]) : reduce(partials, layout, "sum");
  partials.dispose();
  const part = (i: number) => {
    const half = Tensor.result(gpu, shape);
    const { buffer, offset } = both.storage;
    const from = { buffer, offset: offset + 4 * i * count, size: 4 * count };
    gpu.copy(from, half.storage, 4 * count);
    return half;
  };
  const gradients = [part(0), part(1)];
  both.dispose();
  return gradients;
}
