import code from "../../../kernels/reduce/class_hits.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import type { Tensor } from "../../tensor/core.ts";
import { linearGrid } from "../grid.ts";
import { requireLabelRows } from "../softmax/label_rows.ts";
import { labelRank } from "./top_k_correct.ts";

const classHitsKernel = new Kernel("class_hits", code);

/**
 * Counts by class the samples whose label has the largest logit, as `topKCorrect()` counts them: adds to `hits`, in place
 * and outside of the tape.
 *
 * @param hits float32 [C], exact up to 2^24 a class
 * @param logits float32 [N, C]
 * @param labels int32 [N]
 */
export function addClassHits(hits: Tensor, logits: Tensor, labels: Tensor): void {
  requireLabelRows("addClassHits", logits, labels);
  const [rows, classes] = logits.shape;
  const rank = labelRank(logits, labels);
  logits.gpu.dispatch(classHitsKernel, {
    bindings: { rank, labels, hits },
    params: { rows, classes },
    workgroups: linearGrid(Math.ceil(classes / 64)),
  });
  rank.dispose();
}
