import { assertEquals, assertThrows } from "@std/assert";
import { float } from "../../src/config/field.ts";
import { addChoice, FIELDS, isUsed, OWNERS } from "../../src/config/keys.ts";
import { UserError } from "../../src/errors.ts";
import "./sections.ts";

Deno.test("addChoice() refuses keys that are there already, and leaves all as it was", () => {
  const before = [...FIELDS.keys()];
  const keys = { LR: float(1, "x") };
  assertThrows(
    () => addChoice("SOLVER.TYPE", "X", { keys }),
    UserError,
    "SOLVER.TYPE X wants a key SOLVER.LR, which is one of every run already",
  );
  assertEquals([...FIELDS.keys()], before);
});

Deno.test("isUsed() goes by what is chosen", () => {
  const chosen = (type: string, dataset = "cifar100", solver = "SGD") => (key: string) =>
    ({ "DISTILLER.TYPE": type, "DATASET.TYPE": dataset, "SOLVER.TYPE": solver })[key];
  assertEquals(OWNERS.get("SOLVER.MOMENTUM"), { key: "SOLVER.TYPE", name: "SGD" });
  assertEquals(isUsed("KD.TEMPERATURE", chosen("KD")), true);
  assertEquals(isUsed("KD.TEMPERATURE", chosen("DKD")), false);
  assertEquals(isUsed("DISTILLER.TEACHER", chosen("KD")), true);
  assertEquals(isUsed("DISTILLER.TEACHER", chosen("NONE")), false);
  assertEquals(isUsed("DATASET.CACHE", chosen("KD")), false);
  assertEquals(isUsed("DATASET.CACHE", chosen("KD", "image_folder")), true);
  assertEquals(isUsed("SOLVER.LR", chosen("NONE")), true);
  assertEquals(isUsed("SOLVER.MOMENTUM", chosen("NONE")), true);
  assertEquals(isUsed("SOLVER.MOMENTUM", chosen("NONE", "cifar100", "AdamW")), false);
});
