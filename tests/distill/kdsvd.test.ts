import { assertEquals, assertThrows } from "@std/assert";
import { KDSVD } from "../../src/distill/kdsvd.ts";
import { UserError } from "../../src/errors.ts";
import { createModel } from "../../src/models/registry.ts";
import { skipInit } from "../../src/nn/init.ts";
import { tensor } from "../../src/tensor/create.ts";
import { scope } from "../../src/tensor/scope.ts";
import { featureShapes } from "../../src/run/build_distiller.ts";
import { device } from "../helpers.ts";

const gpu = await device();

const make = (name: string) => skipInit(() => createModel(name, { numClasses: 10 }));

/** The method between two models of CIFAR. */
function distiller(studentName: string, teacherName: string, k = 1): KDSVD {
  const [student, teacher] = [make(studentName), make(teacherName).requiresGrad_(false).eval()];
  return new KDSVD(student, teacher, {
    ...{ ceWeight: 1, featWeight: 1, k },
    studentShapes: featureShapes(student, [1, 3, 32, 32]).feats,
    teacherShapes: featureShapes(teacher, [1, 3, 32, 32]).feats,
  });
}

Deno.test("KDSVD builds a step of models of other numbers of stages", () => {
  const made = distiller("resnet8", "ResNet18");
  gpu.dryRun(() =>
    scope(() => {
      const images = tensor(new Float32Array(2 * 3 * 32 * 32), [2, 3, 32, 32]);
      const schedule = { epoch: 1, epochs: 1 };
      const { losses } = made.forwardTrain(images, tensor(Int32Array.of(0, 1)), schedule);
      assertEquals(losses.loss_kd.shape, []);
      losses.loss_kd.backward();
    })
  );
  made.student.dispose();
  made.teacher.dispose();
});

Deno.test("KDSVD refuses features of other widths, or too narrow", () => {
  assertThrows(
    () => distiller("ShuffleV1", "resnet8"),
    UserError,
    "the student's are 16, 8, 4 wide, the teacher's 32, 16, 8, and KDSVD.K is 1",
  );
  assertThrows(() => distiller("resnet8", "resnet8", 9), UserError, "and KDSVD.K is 9");
});
