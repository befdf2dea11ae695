/** Families of models that the fast tests do not train from the command line. */
import { teachCifar } from "../cli/families.ts";
import { device } from "../helpers.ts";

await device();

for (const student of ["resnet8x4", "wrn_16_2", "vgg8", "ShuffleV1"]) {
  Deno.test(`wkd_lf teaches ${student} real images from the command line`, () => {
    return teachCifar("wkd_lf", student);
  });
}
