import type { Config } from "../config/config.ts";
import { UserError } from "../errors.ts";
import type { Shape } from "../tensor/shape.ts";

/** What a model hands to ReviewKD. */
export interface ReviewedModel {
  /** The architecture's name. */
  readonly name: string;
  /** Shapes `[N, C, H, W]` of its features, from the stem on. */
  readonly features: readonly Shape[];
  /** Numbers in its pooled feature. */
  readonly pooled: number;
}

/**
 * Refuses settings of ReviewKD that do not fit the models. The sizes and channels are lists from both ends: the pooled
 * feature comes first in SHAPES and OUT_SHAPES, and last in IN_CHANNELS and OUT_CHANNELS.
 *
 * @throws UserError naming the key and the list that is wanted
 */
export function checkReviewKD(
  { SHAPES, OUT_SHAPES, IN_CHANNELS, OUT_CHANNELS }: Config["REVIEWKD"],
  student: ReviewedModel,
  teacher: ReviewedModel,
): void {
  const count = teacher.features.length;
  const lists = [
    ["SHAPES", SHAPES, student, sizes],
    ["OUT_SHAPES", OUT_SHAPES, teacher, sizes],
    ["IN_CHANNELS", IN_CHANNELS, student, channels],
    ["OUT_CHANNELS", OUT_CHANNELS, teacher, channels],
  ] as const;
  for (const [key, list, model, wantedOf] of lists) {
    const wanted = wantedOf(model).slice(...(wantedOf === sizes ? [0, count] : [-count]));
    if (String(list) === String(wanted)) continue;
    throw new UserError(
      `REVIEWKD.${key} is [${list.join(", ")}], but ${model.name}'s features want ` +
        `[${wanted.join(", ")}]`,
    );
  }
}

function sizes({ features }: ReviewedModel): number[] {
  return [1, ...features.map((shape) => shape[3]).reverse()];
}

function channels({ features, pooled }: ReviewedModel): number[] {
  return [...features.map((shape) => shape[1]), pooled];
}
