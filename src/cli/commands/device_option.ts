import { Option } from "@commander-js/extra-typings";
import { DEVICE_CHOICES } from "../../gpu/adapter.ts";

/** `--tune`, which only software adapters need, and `--no-tune`: of commands that run steps again and again. */
export function tuneOptions() {
  return [
    new Option("--tune", "time variants of kernels also where kernels run on the CPU"),
    new Option("--no-tune", "run the default kernels; hardware is else tuned for new shapes"),
  ] as const;
}

/** `--device`, which every command has that computes. */
export function deviceOption() {
  return new Option("--device <kind>", "kind of adapter (also WKD_DEVICE)")
    .choices(DEVICE_CHOICES);
}
