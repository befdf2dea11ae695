import code from "../../../kernels/index/check_index.wgsl" with { type: "text" };
import type { BufferRange, Gpu } from "../../gpu/gpu.ts";
import { Kernel } from "../../gpu/kernel.ts";
import type { Tensor } from "../../tensor/core.ts";
import { deviceFault, type IndexLimit, sameLimit } from "../../tensor/index_limit.ts";
import { linearGrid } from "../grid.ts";

const checkIndexKernel = new Kernel("check_index", code);

/** Uses of integers that one device can tell apart; those past the last share it. */
const SLOTS = 64;

/** What went wrong on a device: a word for each use of integers. */
interface Faults {
  readonly range: BufferRange;
  readonly limits: IndexLimit[];
}

const faultsOf = new WeakMap<Gpu, Faults>();

/**
 * Demands that integers are in range. Those the host wrote are looked at now, and again whenever it writes others for the
 * replays of a recording; those the device computed are looked at there, and the next `data()` or `item()` of that device
 * throws.
 *
 * @throws RangeError when the host knows of one that is not.
 */
export function requireIndices(index: Tensor, limit: IndexLimit): void {
  const { gpu, storage } = index;
  if (storage.demand(limit, gpu.recording)) return;
  const faults = faultsOf.get(gpu) ?? openFaults(gpu);
  const slot = slotOf(faults.limits, limit);
  const { size, ignored = 0 } = limit;
  gpu.dispatch(checkIndexKernel, {
    bindings: { index: storage, faults: faults.range },
    params: {
      ...{ count: index.numel, size, slot, ignored },
      ignores: Number(limit.ignored !== undefined),
    },
    workgroups: linearGrid(Math.ceil(index.numel / 64)),
  });
}

/**
 * Waits for what the device found of the integers it was given, and forgets it; resolves at once where it was not asked.
 *
 * @throws RangeError when one was out of range.
 */
export async function checkDeviceIndices(gpu: Gpu): Promise<void> {
  const faults = faultsOf.get(gpu);
  if (!faults) return;
  const reading = gpu.read(faults.range);
  gpu.clear(faults.range);
  const words = new Uint32Array(await reading);
  const slot = words.findIndex((word) => word !== 0);
  if (slot < 0) return;
  throw new RangeError(deviceFault(faults.limits[slot], 0xffffffff - words[slot]));
}

function slotOf(limits: IndexLimit[], limit: IndexLimit): number {
  const known = limits.findIndex((each) => sameLimit(each, limit));
  if (known >= 0) return known;
  if (limits.length < SLOTS) limits.push(limit);
  return limits.length - 1;
}

function openFaults(gpu: Gpu): Faults {
  const size = 4 * SLOTS;
  const usage = 0x04 | 0x08 | 0x80; // COPY_SRC | COPY_DST | STORAGE
  const faults = {
    range: { buffer: gpu.device.createBuffer({ size, usage }), offset: 0, size },
    limits: [],
  };
  faultsOf.set(gpu, faults);
  return faults;
}
