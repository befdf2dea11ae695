import { assertEquals, assertNotEquals } from "@std/assert";
import { createModel } from "../../src/models/registry.ts";
import { renormalise } from "../../src/models/renormalise.ts";
import { noGrad } from "../../src/tensor/autograd.ts";
import { tensor } from "../../src/tensor/create.ts";
import { endStep } from "../../src/tensor/scope.ts";
import { assertClose, device, uniforms } from "../helpers.ts";

const gpu = await device();
const SHAPE = [1, 3, 8, 8];
const GIVEN = { mean: [0.5071, 0.4867, 0.4408], std: [0.2675, 0.2565, 0.2761] };
const OWN = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

/** Pixels 0 to 1, normalised. */
function images({ mean, std }: typeof GIVEN): Float32Array {
  return Float32Array.from(
    uniforms("pixels", 192),
    (pixel, i) => (pixel - mean[Math.floor(i / 64)]) / std[Math.floor(i / 64)],
  );
}

Deno.test("renormalise() shows a model what its own normalisation makes of the pixels", async () => {
  endStep();
  const before = gpu.account.inUse;
  const model = createModel("resnet8").eval();
  const logits = async (pixels: Float32Array) => {
    const input = tensor(pixels, SHAPE);
    const result = await noGrad(() => model.forward(input).logits).data();
    input.dispose();
    return result;
  };
  const expected = await logits(images(OWN));
  assertEquals(renormalise(model, OWN, OWN), model);
  assertEquals(await logits(images(OWN)), expected);
  const names = [...model.stateDict().keys()];
  renormalise(model, GIVEN, OWN);
  assertClose(await logits(images(GIVEN)), expected, 1e-5);
  assertNotEquals(await logits(images(OWN)), expected);
  assertEquals([...model.stateDict().keys()], names);
  model.dispose();
  endStep();
  assertEquals(gpu.account.inUse, before);
});
