import { assertEquals, assertThrows } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { PyOrderedDict } from "../../../src/formats/pickle/python.ts";
import { writeTorch } from "../../../src/formats/torch/write_torch.ts";
import { CheckpointError } from "../../../src/run/checkpoints/checkpoint.ts";
import { readCostMatrix, writeCostMatrix } from "../../../src/run/cost_matrix/cost_matrix_file.ts";
import { REFERENCE } from "../../formats/pth.ts";
import { inTempDir } from "../../temp_dir.ts";

Deno.test("readCostMatrix() reads safetensors and torch files, by content", async () => {
  await inTempDir((folder) => {
    const data = new Float32Array([0, 1, 0.5, 0]);
    const half = new Uint16Array([0, 0x3c00, 0x3800, 0]);
    const [file, bare, named, only] = ["a", "b.safetensors", "c.pth", "d"]
      .map((name) => join(folder, name));
    writeCostMatrix(file, data, 2, { made: "here" });
    Deno.writeFileSync(bare, writeTorch({ dtype: "F32", shape: [2, 2], data }));
    const matrix = { dtype: "F16", shape: [2, 2], data: half };
    const other = { dtype: "F32", shape: [4], data };
    const both = new PyOrderedDict<unknown>([["x", other], ["cost_matrix", matrix]]);
    Deno.writeFileSync(named, writeTorch(both));
    Deno.writeFileSync(only, writeTorch(new Map([["cka", matrix]])));
    for (const path of [file, bare, named, only]) {
      assertEquals(readCostMatrix(path, 2).cost, data, path);
    }
    assertThrows(() => readCostMatrix(bare, 3), CheckpointError, "is [2, 2]; [3, 3] is wanted");
    Deno.writeFileSync(named, writeTorch(new Map([["x", other], ["y", other]])));
    assertThrows(() => readCostMatrix(named, 2), CheckpointError, "holds no tensor cost_matrix");
    Deno.writeFileSync(only, writeTorch(matrix).subarray(0, 200));
    assertThrows(() => readCostMatrix(only, 2), CheckpointError, "cannot be read as a checkpoint");
    return Promise.resolve();
  });
});

Deno.test({
  name: "readCostMatrix() reads the published matrices",
  ignore: REFERENCE === null,
  fn() {
    const path = (name: string) => fromFileUrl(new URL(`wkd_cost_matrix/${name}.pth`, REFERENCE!));
    assertEquals(readCostMatrix(path("cifar100/wrn_40_2/linear_cka"), 100).cost.length, 10_000);
    assertEquals(
      readCostMatrix(path("imagenet/ResNet50/logit_linear_cka"), 1000).cost.length,
      1_000_000,
    );
  },
});
