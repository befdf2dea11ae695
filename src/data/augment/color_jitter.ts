import { checkOptions, type OptionNames } from "../../options.ts";
import type { KeyedRandom } from "../random.ts";
import type { Canvas } from "./canvas.ts";
import { hue, saturation } from "./color_ops.ts";
import { brightness, contrast } from "./tone_ops.ts";

/** How much torchvision's `ColorJitter` varies an image; 0, the default of each, leaves that as it is. */
export interface ColorJitterOptions {
  /** The factor of the brightness is from 1 - brightness, but at least 0, to 1 + brightness. */
  readonly brightness?: number;
  /** The same of the contrast. */
  readonly contrast?: number;
  /** The same of the saturation. */
  readonly saturation?: number;
  /** The hue turns by -hue to hue of the whole circle; at most 0.5. */
  readonly hue?: number;
}

const OPTIONS: OptionNames<ColorJitterOptions> = {
  ...{ brightness: true, contrast: true, saturation: true, hue: true },
};

/** The steps in torchvision's order, before it is shuffled. */
const STEPS = [
  ["brightness", brightness, 1, Infinity],
  ["contrast", contrast, 1, Infinity],
  ["saturation", saturation, 1, Infinity],
  ["hue", hue, 0, 0.5],
] as const;

/** Varies brightness, contrast, saturation and hue in random order. Source: torchvision's `ColorJitter`, on Pillow's images. */
export class ColorJitter {
  readonly #ranges: readonly (readonly [number, number] | null)[];

  /**
   * Works out the ranges.
   *
   * @throws {RangeError} where an option is out of its range, TypeError for an unknown one
   */
  constructor(options: ColorJitterOptions) {
    checkOptions("colorJitter", options, OPTIONS);
    this.#ranges = STEPS.map(([name, , center, most]) => {
      const by = options[name] ?? 0;
      if (!(by >= 0 && by <= most && by < Infinity)) {
        const range = most < Infinity ? `from 0 to ${most}` : "of at least 0";
        throw new RangeError(`colorJitter wants a ${name} ${range}; got ${by}`);
      }
      return by === 0 ? null : [center === 0 ? -by : Math.max(0, center - by), center + by];
    });
  }

  /** Varies the image. */
  apply(canvas: Canvas, random: Pick<KeyedRandom, "below" | "uniform">): void {
    const order = [0, 1, 2, 3];
    for (let i = 3; i > 0; i--) {
      const j = random.below(i + 1);
      [order[i], order[j]] = [order[j], order[i]];
    }
    const factors = this.#ranges.map((range) => range && random.uniform(...range));
    for (const step of order) {
      const factor = factors[step];
      if (factor !== null) STEPS[step][1](canvas, factor);
    }
  }
}
