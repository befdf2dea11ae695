import { assertEquals } from "@std/assert";
import { models } from "../../src/cli/models.ts";

function printed(run: () => void): string {
  const { log } = console;
  const lines: string[] = [];
  console.log = (...parts: unknown[]) => void lines.push(parts.join(" "));
  try {
    run();
  } finally {
    console.log = log;
  }
  return lines.join("\n");
}

Deno.test("models() prints a row for every model of a family", () => {
  const text = printed(() => assertEquals(models({ family: "imagenet" }), 0));
  const rows = text.split("\n").map((line) => line.split("|").slice(1, -1).map((c) => c.trim()));
  assertEquals(rows.length, 2 + 5);
  assertEquals(rows[2], ["ResNet18", "imagenet", "1000", "11,689,512", "224 x 224", "1814.1 M"]);
});

Deno.test("models() prints JSON with numbers, for the classes asked for", () => {
  const rows = JSON.parse(printed(() => models({ family: "cifar", json: true, classes: 10 })));
  assertEquals(rows.length, 28);
  assertEquals(rows[0], {
    name: "resnet8",
    family: "cifar",
    classes: 10,
    parameters: 78042,
    multiplyAdds: 12501632,
    imageSize: 32,
  });
});
