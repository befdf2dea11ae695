import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { readCostMatrix } from "../../../src/run/cost_matrix/cost_matrix_file.ts";
import { openClassifier } from "../../../src/run/models/classifier.ts";
import { weightsHash } from "../../../src/run/cost_matrix/run_cost_matrix.ts";
import { writePictures } from "../../pictures.ts";
import { inTempDir } from "../../temp_dir.ts";
import { cli, hurtCli } from "../helpers.ts";

Deno.test("distill goes from pictures to a student, on from where it was killed", async () => {
  await inTempDir(async (folder) => {
    const pictures = join(folder, "pets");
    writePictures(pictures);
    Deno.writeTextFileSync(join(pictures, "bee", "broken.jpg"), "no picture");
    const words = [
      ...["distill", pictures, "--teacher", "resnet8", "--student", "resnet8", "--epochs", "2"],
      ...["--batch-size", "4", "DATASET.NUM_WORKERS", "0", "LOG.PREFIX", folder],
    ];
    const made = join(folder, "distill", "pets");
    const killed = await hurtCli("kill", folder, "latest", 1, words);
    assertEquals(killed.code, 137);
    assertStringIncludes(killed.stdout, "[2/5] the teacher");

    const other = await cli(...words, "--seed", "3");
    assertStringIncludes(other.stderr, `${made} was begun with --seed 0, and now it is 3`);

    const { status, stdout, stderr } = await cli(...words, "--compare");
    assertEquals(status, 0, stderr);
    assertStringIncludes(stdout, "[1/7] look at the pictures: done before");
    assert(!stdout.includes("epoch 1/2  loss 0.000"), stdout);
    const epochs = stdout.match(/^ {2}epoch \d\/2/gm)!;
    // The teacher's first was done; three runs have two each.
    assertEquals(epochs.length, 7, stdout);
    for (const role of [/\(teacher\)/, /wkd_l_f/, /alone/, /kd/]) {
      assertMatch(stdout, new RegExp(`resnet8 ${role.source} +\\| +77,587 \\| +12.5 M \\|`));
    }
    const split = JSON.parse(Deno.readTextFileSync(join(made, "split.json")));
    assertEquals([split.validation.length, split.left_out], [3, ["bee/broken.jpg"]]);

    const teacher = openClassifier(join(made, "teacher"));
    const { note } = readCostMatrix(join(made, "cost_matrix.safetensors"), 3);
    assertEquals(note.teacher_sha256, await weightsHash(teacher.model));
    const student = openClassifier(join(made, "student"));
    assertEquals(student.card.classes, ["ant", "bee", "cat"]);
    for (const form of ["student.pth", "student.safetensors"]) {
      const same = openClassifier(join(made, form));
      assertEquals(await weightsHash(same.model), await weightsHash(student.model));
      same.model.dispose();
    }
    teacher.model.dispose();
    student.model.dispose();

    // What was decided is a configuration like any other.
    const cfg = join(made, "student.yaml");
    const train = await cli("train", cfg, "EXPERIMENT.NAME", "again", "SOLVER.EPOCHS", "1");
    assertEquals(train.status, 0, train.stderr);

    Deno.copyFileSync(join(pictures, "ant", "0.bmp"), join(pictures, "ant", "new.bmp"));
    const again = await cli(...words, "--compare");
    assertStringIncludes(again.stderr, "has 25 pictures now and had 24 when");
    assertEquals(again.stdout.match(/done before/g)!.length, 5);
    assertEquals(again.stdout.match(/^ {2}epoch \d\/2/gm), null);

    const init = ["--name", "tuned", "--teacher-init", join(made, "student.pth"), "--method", "kd"];
    const tuned = await cli("distil", pictures, ...words.slice(4), ...init, "--epochs", "1");
    assertEquals(tuned.status, 0, tuned.stderr);
    assertStringIncludes(tuned.stdout, "trained here: from the weights that were given");

    const file = ["--name", "given", "--teacher", join(made, "student.pth")];
    const given = await cli("distil", pictures, ...words.slice(4), ...file, "--method", "kd");
    assertEquals(given.status, 0, given.stderr);
    assertStringIncludes(given.stdout, "teacher resnet8: what its file holds");
    assertStringIncludes(given.stdout, "[2/4] the teacher: given");
  });
});

Deno.test("distill says what is wrong with what it is given", async () => {
  await inTempDir(async (folder) => {
    const fails = async (message: string, ...words: string[]) => {
      const { status, stderr } = await cli("distill", ...words, "LOG.PREFIX", folder);
      assertEquals(status, 1);
      assertStringIncludes(stderr, message);
    };
    const pictures = join(folder, "pets");
    await fails(`there is no folder ${pictures}`, pictures);
    await fails("and no data set of that name (fashion_mnist, cifar10", "fashion");
    Deno.mkdirSync(pictures);
    await fails("has no folders in it; distill wants PICTURES/<class>/*", pictures);
    writePictures(pictures, 1);
    await fails(
      "has no class with two pictures that can be read",
      pictures,
      "DATASET.NUM_WORKERS",
      "0",
    );
    await fails(
      "--student resnet9 is no model; did you mean resnet",
      pictures,
      "--student",
      "resnet9",
    );
    await fails("--teacher nobody is neither a file nor a model", pictures, "--teacher", "nobody");
    await fails('there is no method "magic"', pictures, "--method", "magic");
    await fails("unknown key SOLVER.RL", pictures, "SOLVER.RL", "1");
    await fails(
      "resnet20.safetensors (resnet20) tells 10 classes apart, and",
      ...[pictures, "--teacher", "checkpoints/fashion_mnist/resnet20.safetensors"],
    );
    Deno.removeSync(join(pictures, "ant"), { recursive: true });
    Deno.removeSync(join(pictures, "bee"), { recursive: true });
    await fails("has one class, cat", pictures, "--name", "single", "DATASET.NUM_WORKERS", "0");
  });
});
