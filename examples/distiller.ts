/** Matching logits (Ba and Caruana, 2014), for `DISTILLER.TYPE LOGITS`. */
import * as wkd from "../mod.ts";

class LogitMatching implements wkd.Distiller {
  readonly extraModules = {};

  constructor(
    readonly student: wkd.Model,
    readonly teacher: wkd.Model,
    readonly weights: { readonly ce: number; readonly match: number },
  ) {}

  sameSchedule(): boolean {
    return true;
  }

  forwardTrain(
    images: wkd.Tensor,
    labels: wkd.Tensor,
    _schedule?: wkd.Schedule,
    targets: wkd.Targets = new wkd.Targets(labels),
  ): wkd.DistillerOutput {
    const { logits } = this.student.forward(images);
    const target = wkd.noGrad(() => this.teacher.forward(images).logits);
    const loss_ce = targets.crossEntropy(logits).mul(this.weights.ce);
    const loss_kd = wkd.mseLoss(logits, target).mul(this.weights.match);
    return { logits, losses: { loss_ce, loss_kd } };
  }
}

wkd.registerDistiller({
  name: "LOGITS",
  doc: "The mean squared difference of the logits (Ba and Caruana, 2014).",
  keys: {
    CE_WEIGHT: wkd.field.float(1, "Weight of the cross-entropy.", { min: 0 }),
    MATCH_WEIGHT: wkd.field.float(0.1, "Weight of the squared difference.", { min: 0 }),
  },
  build: ({ student, teacher, options }) =>
    new LogitMatching(student, teacher, { ce: options.CE_WEIGHT, match: options.MATCH_WEIGHT }),
});
