import { assertEquals } from "@std/assert";
import { Gpu } from "../../../src/gpu/gpu.ts";
import { conv2d } from "../../../src/ops/conv/conv2d.ts";
import { WeightPacks } from "../../../src/ops/conv/weight_packs.ts";
import { tensor } from "../../../src/tensor/create.ts";
import { setDefaultDevice } from "../../../src/tensor/default_device.ts";
import type { FloatType } from "../../../src/tensor/dtype.ts";
import { scope } from "../../../src/tensor/scope.ts";
import { device, values } from "../../helpers.ts";

const real = await device();
const OPTIONS = { requiresGrad: true };
const SHAPES = [[6, 3, 3, 3], [5, 6, 3, 3], [9, 5, 3, 3]] as const;

for (const dtype of ["float32", "float16"] as const) {
  Deno.test({
    name: `WeightPacks.pack() packs all weights again as they are packed one by one, in ${dtype}`,
    ignore: dtype === "float16" && !real.half,
    fn: () => check(dtype),
  });
}

async function check(dtype: FloatType): Promise<void> {
  const gpu = new Gpu(real.device, real.info, false);
  gpu.compilesSlowly = true;
  setDefaultDevice(gpu);
  try {
    const weights = SHAPES.map((shape) => tensor(values("w", shape), shape, OPTIONS));
    const image = tensor(values("x", [2, 3, 8, 8]), [2, 3, 8, 8], { dtype });
    const chain = () =>
      scope(() => weights.reduce((x, w) => conv2d(x, w, null, { padding: 1 }, "tiled"), image));
    const packs = new WeightPacks(gpu);
    const before = await packs.run(chain).data();
    weights.forEach((w, i) => w.copy_(values(`new ${i}`, w.shape)));
    assertEquals(await packs.run(chain).data(), before);
    packs.pack();
    const after = await packs.run(chain).data();
    assertEquals(after, await chain().data());
    assertEquals(after.every((value, i) => value === before[i]), false);
    for (const each of [packs, image, ...weights]) each.dispose();
  } finally {
    setDefaultDevice(real);
  }
}
