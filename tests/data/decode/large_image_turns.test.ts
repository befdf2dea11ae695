import { assertEquals } from "@std/assert";
import { LargeImageTurns, newTurns } from "../../../src/data/decode/large_image_turns.ts";

Deno.test("LargeImageTurns.take() gives one holder at a time its turn", async () => {
  const shared = newTurns();
  const events: string[] = [];
  const hold = async (name: string) => {
    using _turn = await new LargeImageTurns(shared).take();
    events.push(`${name} begins`);
    await new Promise((resolve) => setTimeout(resolve, 20));
    events.push(`${name} ends`);
  };
  await Promise.all([hold("a"), hold("b")]);
  assertEquals(events, ["a begins", "a ends", "b begins", "b ends"]);
});
