import { assert, assertEquals, assertThrows } from "@std/assert";
import { GpuError } from "../../src/gpu/gpu_error.ts";
import { kdLoss } from "../../src/losses/kd.ts";
import { mseLoss } from "../../src/losses/mse.ts";
import { createModel } from "../../src/models/registry.ts";
import { manualSeed } from "../../src/nn/init.ts";
import { conv2d } from "../../src/ops/conv/conv2d.ts";
import { crossEntropy } from "../../src/ops/softmax/cross_entropy.ts";
import { linear } from "../../src/ops/matmul/linear.ts";
import { AUTOCAST, autocast, autocastEnabled } from "../../src/tensor/autocast.ts";
import { tensor, zeros } from "../../src/tensor/create.ts";
import { scope } from "../../src/tensor/scope.ts";
import { shapesOnly } from "../../src/tensor/shapes_only.ts";
import { assertClose, device, labels, relativeError, values } from "../helpers.ts";

const gpu = await device();
const ignore = !gpu.half;

Deno.test("autocast() says so inside only, also when it is left by an error", () => {
  assertEquals(autocastEnabled(), false);
  autocast(() => {
    assertEquals(autocastEnabled(), true);
    autocast(() => {});
    assertEquals(autocastEnabled(), true);
  });
  assertThrows(() => autocast(() => assert(false)));
  assertEquals(autocastEnabled(), false);
});

Deno.test({ name: "autocast() gives ops the types of its table", ignore }, () => {
  assertEquals(AUTOCAST.conv2d, "float16");
  scope(() =>
    autocast(() => {
      const x = zeros([1, 2, 3, 3]);
      assertEquals(conv2d(x, zeros([2, 2, 1, 1])).dtype, "float16");
      assertEquals(conv2d(x, zeros([2, 2, 1, 1])).relu().mean().dtype, "float16");
      assertEquals(x.relu().dtype, "float32");
      const half = linear(zeros([4, 3]), zeros([5, 3]), zeros([5]));
      assertEquals(half.dtype, "float16");
      for (const each of [half.exp(), half.pow(2), half.sum(), half.softmax(), half.logSoftmax()]) {
        assertEquals(each.dtype, "float32");
      }
      assertEquals(kdLoss(half, half).dtype, "float32");
      assertEquals(mseLoss(half, half).dtype, "float32");
    })
  );
});

Deno.test("float16 is refused where the adapter lacks it", () => {
  const refused = () => shapesOnly(() => zeros([2], { dtype: "float16" }));
  assertThrows(refused, GpuError, "float16 wants an adapter with shader-f16, which");
});

/** Loss, gradients and types of one batch; `noise` is the relative error of its images. */
async function gradients(name: string, size: number, half: boolean, noise = 0) {
  manualSeed(3);
  const model = createModel(name, { numClasses: 10 });
  const target = tensor(labels("labels", 2, 10));
  const shape = [2, 3, size, size];
  const errors = values("noise", shape, noise);
  const images = tensor(values("images", shape).map((v, i) => v * (1 + errors[i])), shape);
  const { types, loss } = scope(() => {
    const run = () => {
      const { logits, features } = model.forward(images);
      const loss = crossEntropy(logits, target);
      return { loss, types: [logits, ...features.feats, loss].map(({ dtype }) => dtype) };
    };
    const made = half ? autocast(run) : run();
    made.loss.mul(SCALE).backward({ freeExcept: [made.loss] });
    return made;
  });
  const parts = await Promise.all(model.parameters().map(({ grad }) => grad!.data()));
  const gradient = Float32Array.from(parts.flatMap((part) => [...part]), (g) => g / SCALE);
  for (const { grad } of model.parameters()) {
    assertEquals(grad!.dtype, "float32");
    grad!.dispose();
  }
  const result = { loss: await loss.item(), types, gradient };
  for (const each of [loss, images, target]) each.dispose();
  model.dispose();
  return result;
}

const SCALE = 1024;

// A batch of two makes gradients depend on their images so much that only a comparison with that says anything.
for (const [name, size] of [["resnet8", 16], ["ShuffleV2", 32], ["MobileNetV2", 32]] as const) {
  Deno.test(
    { name: `autocast() costs ${name} no more than rounding its images`, ignore },
    async () => {
      const single = await gradients(name, size, false);
      const rounded = await gradients(name, size, false, 2 ** -11);
      const half = await gradients(name, size, true);
      assertEquals(new Set(single.types), new Set(["float32"]));
      assertEquals(half.types.slice(0, -1).every((type) => type === "float16"), true);
      assertEquals(half.types.at(-1), "float32");
      assertClose([half.loss], [single.loss], 5e-3, "loss:");
      const bound = 4 * relativeError(rounded.gradient, single.gradient);
      assertClose(half.gradient, single.gradient, Math.min(bound, 0.9), "gradient:");
    },
  );
}

Deno.test({ name: "autocast() gives the same bits again", ignore }, async () => {
  assertEquals(await gradients("resnet8", 16, true), await gradients("resnet8", 16, true));
});

Deno.test({ name: "autocast() takes half the memory for what a network keeps", ignore }, () => {
  manualSeed(3);
  const model = createModel("resnet8", { numClasses: 10 });
  const bytes = (run: <T>(fn: () => T) => T) =>
    scope(() =>
      gpu.dryRun(() => {
        const images = zeros([16, 3, 32, 32]);
        const before = gpu.account.inUse;
        run(() => model.forward(images));
        return gpu.account.inUse - before;
      })
    );
  const [half, single] = [bytes(autocast), bytes((fn) => fn())];
  assert(half > 0 && half < 0.6 * single, `${half} bytes of ${single}`);
  model.dispose();
});
