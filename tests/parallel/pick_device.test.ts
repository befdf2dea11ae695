import { assertEquals } from "@std/assert";
import { type DeviceChooser, pickDevice, sharingNotes } from "../../src/parallel/pick_device.ts";
import type { VulkanDevice } from "../../src/parallel/vulkan_devices.ts";

const SLOTS = ["pci-0000_01_00_0", "pci-0000_02_00_0"];

/** A machine with cards in these slots and a software adapter, with or without the layer that obeys the choice. */
function machine(slots: readonly (string | null)[], layer = true): DeviceChooser {
  let choice: string | undefined;
  return {
    devices: () => {
      const cards: VulkanDevice[] = slots.map((slot) => ({ name: "card", slot, discrete: true }));
      if (layer && choice) {
        cards.sort((a, b) => Number(b.slot === choice) - Number(a.slot === choice));
      }
      return [{ name: "llvmpipe", slot: null, discrete: false }, ...cards];
    },
    get: () => choice,
    set: (slot) => choice = slot,
  };
}

Deno.test("pickDevice() gives the ranks of a host its cards in turn, where the choice has an effect", () => {
  const taken = [0, 1, 2].map((rank) => pickDevice(rank, machine(SLOTS)).slot);
  assertEquals(taken, [SLOTS[0], SLOTS[1], SLOTS[0]]);
  const without = machine(SLOTS, false);
  assertEquals(pickDevice(1, without), { cards: 2, slot: SLOTS[0] });
  assertEquals(without.get(), undefined);
  assertEquals(pickDevice(1, machine([SLOTS[1]])), { cards: 1, slot: SLOTS[1] });
  assertEquals(pickDevice(1, machine([])), { cards: 0, slot: null });
  const chosen = machine(SLOTS);
  chosen.set(SLOTS[1]);
  assertEquals(pickDevice(0, chosen), { cards: 2, slot: SLOTS[1] });
});

Deno.test("sharingNotes() tells of ranks that share a device, host by host", () => {
  const rank = (host: string, cards: number, slot: string | null) => ({ host, cards, slot });
  assertEquals(sharingNotes([rank("a", 2, SLOTS[0]), rank("a", 2, SLOTS[1])]), []);
  // A scheduler shows each rank one card.
  assertEquals(sharingNotes([rank("a", 1, SLOTS[0]), rank("a", 1, SLOTS[1])]), []);
  assertEquals(sharingNotes([rank("a", 0, null), rank("b", 0, null)]), []);
  assertEquals(sharingNotes([rank("a", 0, null), rank("a", 0, null), rank("b", 1, SLOTS[0])]), [
    "2 ranks share the one adapter of a",
  ]);
  assertEquals(sharingNotes([0, 1, 0, 1].map((card) => rank("a", 2, SLOTS[card]))), [
    "4 ranks share the 2 cards of a",
  ]);
  const [note] = sharingNotes([rank("a", 2, SLOTS[0]), rank("a", 2, SLOTS[0])]);
  assertEquals(
    note.startsWith("2 ranks share 1 of the 2 cards of a, since Mesa's Vulkan layer"),
    true,
  );
});
