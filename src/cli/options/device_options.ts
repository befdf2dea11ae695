import { Option } from "@commander-js/extra-typings";
import { DEVICE_CHOICES } from "../../gpu/adapter.ts";

/** `--tune`, which only software adapters need: of commands that run steps again and again. */
export function tuneOption() {
  return new Option("--tune", "time variants of kernels also where kernels run on the CPU");
}

/** `--no-tune`, of the same commands. */
export function noTuneOption() {
  return new Option("--no-tune", "run the default kernels; hardware is else tuned for new shapes");
}

/** `--device`, which every command has that computes. */
export function deviceOption() {
  return new Option("--device <kind>", "kind of adapter (also WKD_DEVICE)")
    .choices(DEVICE_CHOICES);
}
