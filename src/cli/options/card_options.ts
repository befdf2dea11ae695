import type { Command, OptionValues } from "@commander-js/extra-typings";
import { typedPath } from "../../config/typed_path.ts";
import type { CardFlags } from "../checkpoints/card_overrides.ts";
import { count, deviations, numbers } from "./numbers.ts";

/** Adds the options that say of a checkpoint what it does not say itself, or says otherwise. */
export function addCardOptions<Args extends unknown[], Options extends OptionValues>(
  command: Command<Args, Options>,
): Command<Args, Options & CardFlags> {
  (command as unknown as Command)
    .option("-m, --model <name>", "architecture; default: what the checkpoint says")
    .option("-d, --dataset <name>", "data set whose classes and preprocessing are the model's")
    .option("--cfg <file>", "configuration whose DATASET section says them", typedPath)
    .option("--classes <file>", "class names: a text, a line each, or JSON", typedPath)
    .option("--size <n>", "rows and columns that the model sees, in pixels", count)
    .option("--resize <n>", "shorter side before the centre is cut out, in pixels", count)
    .option("--mean <numbers>", "of each channel, in units of 255, such as 0.5,0.5,0.5", numbers)
    .option("--std <numbers>", "the same of the standard deviation", deviations);
  return command as unknown as Command<Args, Options & CardFlags>;
}
