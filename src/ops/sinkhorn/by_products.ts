import productCode from "../../../kernels/sinkhorn/product.wgsl" with { type: "text" };
import rowDotCode from "../../../kernels/sinkhorn/row_dot.wgsl" with { type: "text" };
import seedCode from "../../../kernels/sinkhorn/seed.wgsl" with { type: "text" };
import startCode from "../../../kernels/sinkhorn/start.wgsl" with { type: "text" };
import type { Bindable } from "../../gpu/gpu.ts";
import { Kernel } from "../../gpu/kernel.ts";
import { Tensor } from "../../tensor/core.ts";
import { linearGrid } from "../grid.ts";
import { rowGroups } from "../row_groups.ts";
import { planParams, type SinkhornPlan, type SinkhornResult } from "./plan.ts";

const productKernel = new Kernel("sinkhorn_product", productCode);
const rowDotKernel = new Kernel("sinkhorn_row_dot", rowDotCode);
const seedKernel = new Kernel("sinkhorn_seed", seedCode);
const startKernel = new Kernel("sinkhorn_start", startCode);

/** The kernel's modes and their numbers in its template. */
const MODES = { PLAIN: 0, SCALE: 1, GRADIENT: 2 };

/** A batch of rows times a matrix for each half of an iteration, its element-wise half in the same kernel. */
export function sinkhornByProducts(plan: SinkhornPlan, tiled: boolean): SinkhornResult {
  const batch = new Batch(plan, tiled);
  const { p, q, cost, iterations, keep } = plan;
  const [u, v] = [batch.rows(), batch.rows()];
  const saved: Tensor[] = [u];
  const inverse = () => {
    if (!keep && saved.length > 1) return saved[1];
    saved.push(batch.rows());
    return saved[saved.length - 1];
  };
  const [aInverse, bInverse]: Tensor[][] = [[], []];
  for (let t = 0; t < iterations; t++) {
    bInverse.push(inverse());
    if (t === 0) batch.start(v, bInverse[0]);
    else batch.scale(u, cost.k, q, v, bInverse[t]);
    aInverse.push(inverse());
    batch.scale(v, cost.kTransposed, p, u, aInverse[t]);
  }
  const h = batch.rows();
  saved.push(h);
  batch.plain(v, cost.kCostTransposed, h);
  v.dispose();
  const distance = batch.rowDot(u, h);
  const backward = (gradient: Tensor, wantsQ: boolean) =>
    batch.backward({ gradient, u, h, aInverse, bInverse }, wantsQ);
  return { distance, saved, backward };
}

/** What the backward pass starts from. */
interface Kept {
  readonly gradient: Tensor;
  readonly u: Tensor;
  readonly h: Tensor;
  /** `1 / (K v + 1e-8)` of every iteration. */
  readonly aInverse: readonly Tensor[];
  /** `1 / (K^T u + 1e-8)` of every iteration. */
  readonly bInverse: readonly Tensor[];
}

/** The kernels of one call, on rows padded to tiles. */
class Batch {
  readonly #params: Record<string, number>;
  readonly #labels: Bindable;
  readonly #elementwise: readonly [number, number];

  constructor(readonly plan: SinkhornPlan, readonly tiled: boolean) {
    const { p, labels, cost } = plan;
    const rows = Math.ceil(p.shape[0] / 8) * 8;
    const stride = cost.stride / 4;
    this.#params = { ...planParams(plan), rows, stride };
    this.#labels = labels ?? p;
    this.#elementwise = linearGrid(Math.ceil(rows * stride / 64));
  }

  rows(): Tensor {
    return Tensor.result(this.plan.p.gpu, [this.#params.rows, this.plan.cost.stride]);
  }

  start(v: Tensor, r: Tensor): void {
    const { q, cost } = this.plan;
    q.gpu.dispatch(startKernel, {
      bindings: {
        q,
        labels: this.#labels,
        k: cost.k,
        column_sums: cost.columnSums,
        r,
        x: v,
      },
      params: this.#params,
      workgroups: this.#elementwise,
    });
  }

  /** `r = 1 / (x B + 1e-8)`, `y = mass r`. */
  scale(x: Tensor, b: Tensor, mass: Tensor, y: Tensor, r: Tensor): void {
    this.#product(MODES.SCALE, x, b, y, { mass, r });
  }

  /** `y = x B`. */
  plain(x: Tensor, b: Tensor, y: Tensor): void {
    this.#product(MODES.PLAIN, x, b, y, {});
  }

  rowDot(a: Tensor, b: Tensor): Tensor {
    const [samples] = this.plan.p.shape;
    const y = Tensor.result(a.gpu, [samples]);
    a.gpu.dispatch(rowDotKernel, {
      bindings: { a, b, y },
      params: this.#params,
      ...rowGroups(a.gpu, samples),
    });
    return y;
  }

  backward(kept: Kept, wantsQ: boolean): { dp: Tensor; dq: Tensor | null } {
    const { p, q, cost, iterations } = this.plan;
    const { aInverse, bInverse } = kept;
    const dp = Tensor.result(p.gpu, p.shape);
    const dq = Tensor.result(p.gpu, wantsQ ? q.shape : [1]);
    const [da, db, addend] = [this.rows(), this.rows(), this.rows()];
    this.#seed(kept, db, da, dp);
    for (let t = iterations - 1; t >= 0 && (t > 0 || wantsQ); t--) {
      const last = t === iterations - 1;
      // db holds g u until the first step overwrites it.
      if (last) this.plain(db, cost.kCost, addend);
      const how = { addend: last ? addend : null, accumulate: wantsQ ? (last ? 1 : 2) : 0 };
      this.#gradient(da, cost.k, q, db, { ...how, r: bInverse[t], grad: dq });
      if (t === 0) break;
      const next = { addend: null, accumulate: 2, r: aInverse[t - 1], grad: dp };
      this.#gradient(db, cost.kTransposed, p, da, next);
    }
    for (const scratch of [da, db, addend]) scratch.dispose();
    if (!wantsQ) dq.dispose();
    return { dp, dq: wantsQ ? dq : null };
  }

  #seed({ gradient, u, h, aInverse }: Kept, gu: Tensor, da: Tensor, dp: Tensor): void {
    dp.gpu.dispatch(seedKernel, {
      bindings: {
        g: gradient,
        labels: this.#labels,
        u,
        h,
        r: aInverse[aInverse.length - 1],
        gu,
        da,
        dp,
      },
      params: this.#params,
      workgroups: this.#elementwise,
    });
  }

  /** With `z = x B + addend`: `grad` = or += `z r`, `y = -z mass r^2`. */
  #gradient(
    x: Tensor,
    b: Tensor,
    mass: Tensor,
    y: Tensor,
    how: { r: Tensor; addend: Tensor | null; grad: Tensor; accumulate: number },
  ): void {
    const bindings = {
      mass,
      r: how.r,
      addend: how.addend ?? how.r,
      grad: how.grad,
    };
    const params = { with_addend: how.addend ? 1 : 0, accumulate: how.accumulate };
    this.#product(MODES.GRADIENT, x, b, y, bindings, params);
  }

  #product(
    mode: number,
    x: Tensor,
    b: Tensor,
    y: Tensor,
    bindings: Record<string, Bindable>,
    params: Record<string, number> = { with_addend: 0, accumulate: 0 },
  ): void {
    const { rows, stride } = this.#params;
    x.gpu.dispatch(productKernel, {
      bindings: {
        ...bindings,
        x,
        b,
        y,
        labels: this.#labels,
      },
      params: { ...this.#params, ...params },
      values: {
        ...MODES,
        MODE: mode,
        TILED: this.tiled,
        ...(this.tiled ? { UNROLLED: x.gpu.compilesSlowly ? 1 : 4 } : {}),
      },
      workgroups: this.tiled
        ? [Math.ceil(stride / 16), Math.ceil(rows / 32)]
        : linearGrid(Math.ceil(Math.ceil(stride / 2) * (rows / 8) / 64)),
    });
  }
}
