import { addressOf } from "./address.ts";
import { DynamicLibrary } from "./dynamic_library.ts";

/** A graphics card as Vulkan tells of it. */
export interface VulkanDevice {
  readonly name: string;
  /** `pci-0000_01_00_0` as in `DRI_PRIME`; null where it is on no bus, or does not tell. */
  readonly slot: string | null;
  /** Whether it is a card of its own, and neither part of the processor nor a program. */
  readonly discrete: boolean;
}

const CALLS = {
  vkCreateInstance: { parameters: ["buffer", "usize", "buffer"], result: "i32" },
  vkDestroyInstance: { parameters: ["usize", "usize"], result: "void" },
  vkEnumeratePhysicalDevices: { parameters: ["usize", "buffer", "buffer"], result: "i32" },
  vkGetPhysicalDeviceProperties2: { parameters: ["usize", "buffer"], result: "void" },
} as const;

type Calls = Record<
  keyof typeof CALLS,
  (...values: (number | Uint8Array | Uint32Array | BigUint64Array)[]) => number
>;

// From vulkan_core.h.
const [APPLICATION_INFO, INSTANCE_CREATE_INFO] = [0, 1];
const PROPERTIES_2 = 1000059001;
const PCI_BUS_INFO = 1000212000;
const VERSION_1_1 = (1 << 22) | (1 << 12);
const DISCRETE = 2;
/** Bytes of VkPhysicalDeviceProperties2, generously. */
const PROPERTIES_BYTES = 1024;
/** Where the properties begin, and therein the kind and the name of the device. */
const [PROPERTIES, KIND, NAME, NAME_BYTES] = [16, 16, 20, 256];

/**
 * The devices of this machine in the order in which WebGPU sees them, asked anew with the environment as it is; empty where
 * there is no Vulkan.
 */
export function vulkanDevices(): VulkanDevice[] {
  const calls = vulkan();
  if (!calls) return [];
  const application = words(48, [[0, APPLICATION_INFO], [44, VERSION_1_1]]);
  const wish = words(64, [[0, INSTANCE_CREATE_INFO]], [[24, application]]);
  const instance = new BigUint64Array(1);
  if (calls.vkCreateInstance(wish, 0, instance) !== 0) return [];
  const handle = Number(instance[0]);
  const count = new Uint32Array(1);
  calls.vkEnumeratePhysicalDevices(handle, count, new BigUint64Array(0));
  const devices = new BigUint64Array(count[0]);
  if (count[0] > 0) calls.vkEnumeratePhysicalDevices(handle, count, devices);
  const found = Array.from(devices, (device) => describe(calls, Number(device)));
  calls.vkDestroyInstance(handle, 0);
  return found;
}

function vulkan(): Calls | null {
  const name = Deno.build.os === "darwin" ? "libvulkan.1.dylib" : "libvulkan.so.1";
  try {
    const library = new DynamicLibrary(name);
    const calls = Object.entries(CALLS).map(([call, definition]) =>
      [call, library.function(call, definition)] as const
    );
    return calls.every(([, call]) => call) ? Object.fromEntries(calls) as unknown as Calls : null;
  } catch {
    return null;
  }
}

function describe(calls: Calls, device: number): VulkanDevice {
  const bus = words(32, [[0, PCI_BUS_INFO]]);
  const properties = words(PROPERTIES_BYTES, [[0, PROPERTIES_2]], [[8, bus]]);
  calls.vkGetPhysicalDeviceProperties2(device, properties);
  const view = new DataView(properties.buffer, PROPERTIES);
  const name = new Uint8Array(properties.buffer, PROPERTIES + NAME, NAME_BYTES);
  const [domain, number, slot, part] = new Uint32Array(bus.buffer, 16, 4);
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, "0");
  return {
    name: new TextDecoder().decode(name).replace(/\0.*$/s, ""),
    slot: domain + number + slot + part === 0
      ? null
      : `pci-${hex(domain, 4)}_${hex(number, 2)}_${hex(slot, 2)}_${part}`,
    discrete: view.getUint32(KIND, true) === DISCRETE,
  };
}

/** A structure of C's with 32-bit numbers and addresses of others at some of its bytes; the others are alive as long as it is. */
function words(
  bytes: number,
  numbers: readonly (readonly [number, number])[],
  addresses: readonly (readonly [number, Uint8Array])[] = [],
): Uint8Array<ArrayBuffer> {
  const structure = new Uint8Array(bytes);
  const view = new DataView(structure.buffer);
  for (const [at, value] of numbers) view.setUint32(at, value, true);
  for (const [at, other] of addresses) view.setBigUint64(at, BigInt(addressOf(other)), true);
  return structure;
}
