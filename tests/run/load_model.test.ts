import { assertStringIncludes, assertThrows } from "@std/assert";
import { modelShapes } from "../../src/models/model_cost.ts";
import { createModel } from "../../src/models/registry.ts";
import { type Checkpoint, CheckpointError } from "../../src/run/checkpoint.ts";
import { loadModel, TEACHER_SETTINGS } from "../../src/run/load_model.ts";
import { numel } from "../../src/tensor/shape.ts";
import { device } from "../helpers.ts";

await device();

Deno.test("loadModel() names MODEL.FAMILY where a file holds the model of that name of the other family", () => {
  const shapes = modelShapes("ResNet18", { family: "imagenet", numClasses: 10 });
  const value = new Map(
    [...shapes].map(([name, shape]) => {
      return [name, { dtype: "F32", shape, data: new Float32Array(numel(shape)) }];
    }),
  );
  const checkpoint = { path: "r18.pth", value, metadata: {} } as unknown as Checkpoint;
  const wanted = { name: "ResNet18", family: "cifar", numClasses: 10, inChannels: 3 } as const;
  const model = createModel("resnet8");
  const error = assertThrows(
    () => loadModel(model, checkpoint, wanted, TEACHER_SETTINGS),
    CheckpointError,
  );
  assertStringIncludes(
    error.message,
    "r18.pth is not a ResNet18 of cifar (10 classes, 3 channels); it fits ResNet18 of imagenet (10 classes, 3 channels): " +
      "set MODEL.FAMILY imagenet or use another DISTILLER.TEACHER_CHECKPOINT",
  );
  model.dispose();
});
