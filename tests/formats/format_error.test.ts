import { assertEquals } from "@std/assert";
import { main } from "../../src/cli/main.ts";
import { FormatError } from "../../src/formats/format_error.ts";

Deno.test("FormatError is told in one sentence, not as a mistake in the program", async () => {
  const { log, error } = console;
  const lines: string[] = [];
  console.log = () => {
    throw new FormatError("the archive would have 5000000000 bytes");
  };
  console.error = (text: string) => lines.push(text);
  try {
    assertEquals(await main(["models"]), 1);
  } finally {
    Object.assign(console, { log, error });
  }
  assertEquals(lines, ["error: the archive would have 5000000000 bytes"]);
});
