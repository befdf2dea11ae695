import { type VulkanDevice, vulkanDevices } from "./vulkan_devices.ts";

/** What Mesa's layer for choosing devices, which works with every maker's driver, puts first. */
const CHOICE = "DRI_PRIME";

/** What a rank has of its machine's graphics cards. */
export interface PickedDevice {
  /** Cards that this rank sees; 0 where there is but a software adapter or one that is part of the processor. */
  readonly cards: number;
  /** The one that WebGPU takes, such as `pci-0000_01_00_0`; null where there is none, or it does not tell. */
  readonly slot: string | null;
}

/** What {@linkcode pickDevice} needs of the system. */
export interface DeviceChooser {
  readonly devices: () => VulkanDevice[];
  readonly get: () => string | undefined;
  readonly set: (slot: string | undefined) => void;
}

const SYSTEM: DeviceChooser = {
  devices: vulkanDevices,
  get: () => Deno.env.get(CHOICE),
  set: (slot) => slot === undefined ? Deno.env.delete(CHOICE) : Deno.env.set(CHOICE, slot),
};

/**
 * Gives a rank the card of its number on its host, before WebGPU looks for one: WebGPU itself knows no numbers, and takes the
 * first card. What somebody has chosen by `DRI_PRIME` stays, and where a scheduler shows each rank a card of its own there is
 * nothing to choose.
 */
export function pickDevice(localRank: number, system: DeviceChooser = SYSTEM): PickedDevice {
  const cards = system.devices().filter(({ discrete }) => discrete);
  const slots = [...new Set(cards.map(({ slot }) => slot).filter((slot) => slot !== null))].sort();
  const taken = {
    cards: Math.max(slots.length, Math.min(1, cards.length)),
    slot: cards[0]?.slot ?? null,
  };
  if (slots.length < 2 || system.get() !== undefined) return taken;
  const slot = slots[localRank % slots.length];
  system.set(slot);
  const first = system.devices().find(({ discrete }) => discrete);
  if (first?.slot === slot) return { cards: slots.length, slot };
  system.set(undefined);
  return taken;
}

/** A rank's place, as far as its device goes. */
export interface RankDevice extends PickedDevice {
  readonly host: string;
}

/** What is to be said of how the ranks of a host share devices, one sentence a host where they do. */
export function sharingNotes(ranks: readonly RankDevice[]): string[] {
  return [...new Set(ranks.map(({ host }) => host))].flatMap((host) => {
    const here = ranks.filter((rank) => rank.host === host);
    const taken = new Set(here.map(({ slot }) => slot)).size;
    if (here.length === taken) return [];
    const seen = Math.max(...here.map(({ cards }) => cards));
    if (seen === 0) return [`${here.length} ranks share the one adapter of ${host}`];
    if (taken < seen && taken < here.length) {
      return [
        `${here.length} ranks share ${taken} of the ${seen} cards of ${host}, since Mesa's Vulkan layer, which tells cards ` +
        "apart, is missing (Debian: mesa-vulkan-drivers) or DRI_PRIME is set",
      ];
    }
    return [
      `${here.length} ranks share ${
        taken === 1 ? "the one card" : `the ${taken} cards`
      } of ${host}`,
    ];
  });
}
