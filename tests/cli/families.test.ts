import { device } from "../helpers.ts";
import { teachCifar, teachFolder } from "./families.ts";

await device();

// No projector leads from MobileNetV2's last feature, 2 x 2, to resnet8x4's, 8 x 8. tests/slow has the other families.
for (
  const [method, student] of [
    ["wkd_lf", "ShuffleV2"],
    ["wkd_lf", "ResNet18"],
    ["wkd_l", "MobileNetV2"],
  ]
) {
  Deno.test(`${method} teaches ${student} real images from the command line`, () => {
    return teachCifar(method, student);
  });
}

Deno.test(
  "wkd_lf teaches ImageNet's MobileNetV1, by its ResNet18, a folder of real images",
  teachFolder,
);
