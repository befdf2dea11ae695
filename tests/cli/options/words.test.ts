import { assertEquals } from "@std/assert";
import { Command, Option } from "@commander-js/extra-typings";
import { commandWords } from "../../../src/cli/options/words.ts";

function program(): Command {
  const root = new Command();
  root.command("train").option("--resume [from]").option("--cfg <file>");
  root.command("eval")
    .addOption(new Option("--per-class [order]").choices(["worst", "label"]));
  return root;
}

function words(...args: string[]): string {
  return commandWords(program(), args).join(" ");
}

Deno.test("commandWords() leaves a KEY and its value behind an option whose value may be left out", () => {
  assertEquals(words("eval", "--per-class", "A.ROOT", "x"), "eval A.ROOT x --per-class");
  assertEquals(words("eval", "--per-class", "A.ROOT=x"), "eval A.ROOT=x --per-class");
  assertEquals(words("eval", "--per-class", "best.pth"), "eval best.pth --per-class");
  assertEquals(words("train", "--resume", "SOLVER.LR", "1"), "train SOLVER.LR 1 --resume");
  assertEquals(
    words("train", "--resume", "A.B_C", "-1", "--", "x"),
    "train A.B_C -1 --resume -- x",
  );
});

Deno.test("commandWords() leaves an option its value", () => {
  for (const line of ["eval --per-class label", "eval --per-class", "eval --per-class --json"]) {
    assertEquals(words(...line.split(" ")), line);
  }
  for (
    const line of ["train --resume epoch_2 SOLVER.LR 1", "train --resume out/best.safetensors"]
  ) {
    assertEquals(words(...line.split(" ")), line);
  }
  assertEquals(words("eval", "--per-class", "wrost"), "eval --per-class wrost");
});

Deno.test("commandWords() reads -bs and --config as the options that they are elsewhere", () => {
  assertEquals(words("eval", "-bs", "64"), "eval --batch-size 64");
  assertEquals(words("train", "--config", "x.yaml"), "train --cfg x.yaml");
  assertEquals(words("train", "--config=x.yaml"), "train --cfg=x.yaml");
  assertEquals(words("train", "--", "--config"), "train -- --config");
});
