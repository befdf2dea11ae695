/** AdamW without weight decay on biases and normalisations, for `SOLVER.TYPE AdamW_decay_weights`. */
import * as wkd from "../mod.ts";

wkd.registerOptimizer("AdamW_decay_weights", {
  doc:
    "AdamW whose weight decay leaves vectors alone: biases, and what normalisations scale and shift by.",
  keys: {
    VECTOR_DECAY: wkd.field.float(0, "Weight decay of biases and normalisations.", { min: 0 }),
  },
  build(parameters, { LR, WEIGHT_DECAY, VECTOR_DECAY }) {
    const all = [...parameters];
    const groups = [
      { params: all.filter(({ ndim }) => ndim > 1), weightDecay: WEIGHT_DECAY },
      { params: all.filter(({ ndim }) => ndim <= 1), weightDecay: VECTOR_DECAY },
    ];
    return new wkd.AdamW(groups, { lr: LR });
  },
});
