import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Command } from "@commander-js/extra-typings";
import { buildProgram } from "../../src/cli/program.ts";
import { cli } from "./helpers.ts";

const COLUMNS = 80;

/** The words of every command, those of the commands below others too. */
function commandsOf(command: Command, words: readonly string[] = []): (readonly string[])[] {
  const below = (command.commands as Command[]).flatMap((each) =>
    commandsOf(each, [...words, each.name()])
  );
  return [words, ...below];
}

Deno.test("no help text has a line that is longer than a terminal", async () => {
  const commands = commandsOf(buildProgram(() => {}));
  assert(commands.length > 15);
  for (const words of commands) {
    const { status, stdout } = await cli(...words, "--help");
    assertEquals(status, 0);
    const long = stdout.split("\n").filter((line) => line.length > COLUMNS);
    assertEquals(long, [], words.join(" "));
  }
});

Deno.test("examples of the help that were broken are still what can be typed", async () => {
  const { stdout } = await cli("train", "--help");
  const joined = stdout.replaceAll(/ \\\n\s+/g, " ");
  assertStringIncludes(
    joined,
    "\n  deno task train DATASET.TYPE image_folder DATASET.ROOT pictures DATASET.VALIDATION 0.1 DISTILLER.STUDENT resnet20",
  );
});

Deno.test("--live takes a port, or nothing, and no word that is not its own", async () => {
  const { stderr } = await cli("train", "--live", "0", "SOLVER.LR", "1");
  assertStringIncludes(stderr, "--live must be an integer from 1 to 65535; got 0");
  // The pair, and the file, are read as such.
  for (const word of ["SOLVER.NO_SUCH_KEY", "no_such_file.yaml"]) {
    const { status, stderr } = await cli(
      "train",
      "--live",
      word,
      ...(word.includes("KEY") ? ["1"] : []),
    );
    assertEquals(status, 1);
    assertStringIncludes(stderr, word);
    assert(!stderr.includes("--live"), stderr);
  }
});
