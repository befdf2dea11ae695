import { Option } from "@commander-js/extra-typings";
import { DEVICE_CHOICES } from "../../gpu/adapter.ts";

/** `--device`, which every command has that computes. */
export function deviceOption() {
  return new Option("--device <kind>", "kind of adapter (also WKD_DEVICE)")
    .choices(DEVICE_CHOICES);
}
