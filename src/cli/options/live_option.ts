import { Option } from "@commander-js/extra-typings";
import { port } from "./numbers.ts";

/** `--live`, of the commands that train. */
export function liveOption() {
  return new Option(
    "--live [port]",
    "show the run on a page for browsers on this machine, which can stop and save it; default: the first free port from 8100 on",
  ).argParser(port);
}
