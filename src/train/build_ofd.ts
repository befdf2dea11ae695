import type { Config } from "../config/config.ts";
import { OFD } from "../distill/ofd.ts";
import { ofdMargins } from "../distill/ofd_margins.ts";
import { UserError } from "../errors.ts";
import type { Model } from "../models/model.ts";
import type { Shape } from "../tensor/shape.ts";
import { evaluatedShapes } from "./evaluated_shapes.ts";

/**
 * The overhaul as a configuration asks for it, for images of a shape.
 *
 * @throws UserError naming the model that it cannot use
 */
export async function buildOFD(
  config: Config,
  student: Model,
  teacher: Model,
  image: Shape,
): Promise<OFD> {
  const { DISTILLER, OFD: { LOSS, CONNECTOR } } = config;
  const norms = teacher.normsBeforeRelu;
  if (norms.length === 0) {
    throw new UserError(
      `OFD cannot learn from ${DISTILLER.TEACHER}: its margins are those of the batch norms before ` +
        "ReLU, which mdistiller names for the ResNets, wide ResNets, VGG and MobileNetV1",
    );
  }
  const { preactFeats } = evaluatedShapes(student, image);
  if (preactFeats.length === 0) {
    throw new UserError(
      `OFD cannot teach ${DISTILLER.STUDENT}, which has no features before the activation`,
    );
  }
  return new OFD(student, teacher, {
    ceWeight: LOSS.CE_WEIGHT,
    featWeight: LOSS.FEAT_WEIGHT,
    kernelSize: CONNECTOR.KERNEL_SIZE,
    margins: await ofdMargins(norms),
    studentShapes: preactFeats,
    teacherShapes: evaluatedShapes(teacher, image).preactFeats,
  });
}
