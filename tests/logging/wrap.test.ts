import { assert, assertEquals } from "@std/assert";
import { cutText, fitLine, part, sparkline, textWidth } from "../../src/logging/lines.ts";
import { fillText, wrapText } from "../../src/logging/wrap.ts";
import { table } from "../../src/cli/terminal/table.ts";

Deno.test("textWidth() counts the columns of a terminal, and cutText() cuts by them", () => {
  assertEquals(textWidth("abc"), 3);
  assertEquals(textWidth("猫と犬"), 6);
  assertEquals(textWidth("e\u0301🐈"), 3);
  assertEquals(cutText("a猫b", 2), "a");
  assertEquals(cutText("a猫b", 3), "a猫");
  assertEquals(cutText("🐈🐈", 3), "🐈");
});

Deno.test("fitLine() takes the shorter texts of the highest rank first, and back what has room again", () => {
  const parts = [
    part("one"),
    part("two two", [2, "two"], [1, ""]),
    part("", [9, ""]),
    part("a longer text", [3, ""]),
    part("end"),
  ];
  assertEquals(fitLine(parts, 40), "one  two two  a longer text  end");
  assertEquals(fitLine(parts, 31), "one  two two  end");
  assertEquals(fitLine(parts, 13), "one  two  end");
  assertEquals(fitLine(parts, 8), "one  end");
  assertEquals(fitLine(parts, 5), "one  ");
  // The short text was taken before the long one had to go.
  assertEquals(fitLine([part("aaaa", [2, "a"]), part("bbbbbbbb", [1, ""])], 9), "aaaa");
});

Deno.test("wrapText() breaks prose below where it began, and leaves JSON and long words whole", () => {
  const text = "  speed    1.9 of one thing and 0.6 of another";
  assertEquals(wrapText(text, 30), "  speed    1.9 of one thing\n           and 0.6 of another");
  assertEquals(wrapText("a note that is longer", 14), "a note that is\nlonger");
  const json = '  "a key": "a long text with spaces"';
  assertEquals(wrapText(json, 10), json);
  assertEquals(wrapText("see /a/very/long/path", 8), "see\n/a/very/long/path");
});

Deno.test("wrapText() breaks a command where a shell goes on, with an option beside its value", () => {
  const command = "  deno task train --cfg a.yaml --resume SOLVER.LR 0.1 X.Y 'two words'";
  const wrapped = wrapText(command, 34);
  assertEquals(
    wrapped,
    "  deno task train --cfg a.yaml \\\n      --resume SOLVER.LR 0.1 \\\n      X.Y 'two words'",
  );
});

Deno.test("wrapText() makes a table narrower, and records of one with too many columns", () => {
  const rows = [["model.student.layer1.0.weight", "F32", "1"], ["short", "F16", "22"]];
  const text = table(["tensor", "dtype", "n"], rows);
  assertEquals(
    wrapText(text, 39),
    "| tensor                | dtype |   n |\n| --------------------- | ----: | --: |\n" +
      "| model.student.layer1. |   F32 |   1 |\n| 0.weight              |       |     |\n" +
      "| short                 |   F16 |  22 |",
  );
  assertEquals(
    wrapText(text, 20),
    "model.student.layer1.0.weight\n  dtype F32  n 1\nshort\n  dtype F16  n 22",
  );
  assertEquals(wrapText(text, 80), text);
});

Deno.test("fillText() fills paragraphs anew and keeps what is indented", () => {
  const text = "\nA paragraph that\nhas short lines.\n\nExamples:\n  deno task a\n  deno task b";
  assertEquals(
    fillText(text, 40),
    "\nA paragraph that has short lines.\n\nExamples:\n  deno task a\n  deno task b",
  );
});

Deno.test("sparkline() goes from the least to the largest, from the first to the last", () => {
  assertEquals(sparkline([0, 50, 100], 10), "▁▅█");
  assertEquals(sparkline([3, 3], 10), "▅▅");
  const many = sparkline(Array.from({ length: 1000 }, (_, i) => i), 16);
  assertEquals([many.length, many[0], many.at(-1)], [16, "▁", "█"]);
  assert(!sparkline([1, NaN, 2], 10).includes("undefined"));
});
