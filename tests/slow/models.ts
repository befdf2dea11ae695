/**
 * The large models against PyTorch, gradients to 1e-3 or explained by rounding. Minutes of CPU, so outside of the usual
 * tests:
 *
 *     deno task test:slow
 */
import { checkOnHardwareKernels } from "../models/check_on_hardware_kernels.ts";
import { checkResNet } from "../models/check_resnet.ts";
import { ModelFigures } from "../models/reference.ts";

const cases = [
  ["imagenet", "MobileNetV1"],
  ["imagenet", "ResNet18"],
  ["imagenet", "ResNet34"],
  ["imagenet", "ResNet50"],
  ["cifar", "ResNet50"],
  ["cifar", "vgg13"],
  ["cifar", "wrn_40_2"],
] as const;

for (const [family, name] of cases) {
  Deno.test(`createModel("${name}") of ${family} matches PyTorch closely`, async () => {
    await checkOnHardwareKernels(new ModelFigures(`models_${family}`), name, family);
  });
}

Deno.test('createModel("resnet32x4") of cifar matches PyTorch closely', () =>
  checkResNet("resnet32x4"));
