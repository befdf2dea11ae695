import { assertEquals } from "@std/assert";
import { formatSeconds } from "../../src/logging/text.ts";

Deno.test("formatSeconds() chooses the unit by the length", () => {
  const cases: [number, string][] = [
    [0, "0.0 s"],
    [7.26, "7.3 s"],
    [9.97, "10 s"],
    [59.6, "1 min 00 s"],
    [185, "3 min 05 s"],
    [3599.7, "1 h 00 min"],
    [7440, "2 h 04 min"],
    [Infinity, "?"],
    [NaN, "?"],
  ];
  for (const [seconds, text] of cases) assertEquals(formatSeconds(seconds), text);
});
