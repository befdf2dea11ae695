import { Gpu } from "../../src/gpu/gpu.ts";
import type { ModelFamily } from "../../src/models/family.ts";
import { setDefaultDevice } from "../../src/tensor/default_device.ts";
import { device } from "../helpers.ts";
import { checkModel, type ModelChecks } from "./check_model.ts";
import type { ModelFigures } from "./reference.ts";

/**
 * As `checkModel`, with the kernels for hardware on any adapter: those for software compile anew for every size of
 * planes, which takes longer here than they save.
 */
export async function checkOnHardwareKernels(
  figures: ModelFigures,
  name: string,
  family: ModelFamily,
  checks: ModelChecks = {},
): Promise<void> {
  const gpu = await device();
  const hardware = new Gpu(gpu.device, gpu.info, false);
  hardware.compilesSlowly = gpu.software;
  setDefaultDevice(hardware);
  try {
    await checkModel(figures, name, { family }, checks);
    await hardware.finished();
  } finally {
    setDefaultDevice(gpu);
    hardware.trim();
  }
}
