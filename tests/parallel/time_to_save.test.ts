import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { refuseRanks } from "../../src/cli/as_rank.ts";
import { UserError } from "../../src/errors.ts";
import { timeToSave } from "../../src/parallel/time_to_save.ts";
import { inTempDir } from "../temp_dir.ts";

const ROOT = fromFileUrl(new URL("../../", import.meta.url));

const RANK = { OMPI_COMM_WORLD_RANK: "0", OMPI_COMM_WORLD_SIZE: "2", HOME: "/home/me" };

function timeOf(variables: Record<string, string>, files: Record<string, string> = {}) {
  return timeToSave(variables.version ?? "Open MPI v4.1.4", {
    env: (name) => variables[name],
    read: (path) => files[path] ?? null,
  });
}

Deno.test("timeToSave() takes Open MPI's parameter from where Open MPI does", () => {
  const user = "/home/me/.openmpi/mca-params.conf";
  const files = {
    [user]:
      "# odls_base_sigkill_timeout = 9\nodls_base_sigkill_timeout=1\n  odls_base_sigkill_timeout = 2",
    "/opt/mpi/etc/openmpi-mca-params.conf": "btl = tcp,self\nodls_base_sigkill_timeout = 5\n",
  };
  const inPath = { ...RANK, PATH: "/usr/bin:/opt/mpi/bin" };
  const found = (time: ReturnType<typeof timeOf>) => time && [time.seconds, time.from];
  assertEquals(found(timeOf(inPath, files)), [4, user]);
  assertEquals(found(timeOf({ ...inPath, HOME: "/root" }, files)), [10, Object.keys(files)[1]]);
  const variable = { ...inPath, OMPI_MCA_odls_base_sigkill_timeout: "30" };
  assertEquals(found(timeOf(variable, files)), [60, "OMPI_MCA_odls_base_sigkill_timeout"]);
  const unset = timeOf(RANK)!;
  assertEquals(found(unset), [2, null]);
  assertMatch(unset.remedy, /sh setup\.sh --mpi.*--mca odls_base_sigkill_timeout 10/);
  const five = timeOf({ ...inPath, version: "Open MPI v5.0.11" }, files)!;
  assertEquals(found(five), [0.5, null]);
  assertMatch(five.remedy, /pkill -USR2/);
  assertEquals(timeOf({ PMI_RANK: "0", PMI_SIZE: "2", version: "MPICH 5.0.2" }), null);
});

/** Programs that setup.sh asks on a machine that has all it wants, and an Open MPI of that version. */
function writePrograms(folder: string, mpi: string, parameter: string): void {
  const programs = {
    deno: 'case $1 in --version) echo "deno 99.0.0";; eval) echo "card, hardware";; esac',
    mpirun: `echo "mpirun (Open MPI) ${mpi}"`,
    ompi_info: parameter &&
      `echo "mca:odls:base:param:odls_base_sigkill_timeout:source:${parameter}"`,
  };
  for (const [name, text] of Object.entries(programs)) {
    const path = join(folder, name);
    Deno.writeTextFileSync(path, `#!/bin/sh\n${text}\n`);
    Deno.chmodSync(path, 0o755);
  }
}

Deno.test(
  {
    name: "setup.sh --mpi gives Open MPI's ranks time to save, once",
    ignore: Deno.build.os !== "linux",
  },
  async () => {
    await inTempDir((folder) => {
      // A copy, so that an MPI below the project's folder is not found first.
      Deno.copyFileSync(join(ROOT, "setup.sh"), join(folder, "setup.sh"));
      const file = join(folder, ".openmpi", "mca-params.conf");
      const setup = (mpi: string, parameter: string) => {
        writePrograms(folder, mpi, parameter);
        const { code, stdout, stderr } = new Deno.Command("sh", {
          args: [join(folder, "setup.sh"), "--mpi"],
          env: { PATH: `${folder}:${Deno.env.get("PATH")}`, HOME: folder },
        }).outputSync();
        const text = new TextDecoder().decode(new Uint8Array([...stdout, ...stderr]));
        assertEquals(code, 0, text);
        return text;
      };
      const written = () => {
        try {
          return Deno.readTextFileSync(file);
        } catch {
          return null;
        }
      };
      assert(!setup("5.0.11", "").includes("sigkill"));
      assertMatch(setup("4.1.4", "file (/etc/openmpi-mca-params.conf:3)"), /is set already \(file/);
      assertEquals(written(), null);
      Deno.mkdirSync(join(folder, ".openmpi"));
      Deno.writeTextFileSync(file, "btl = tcp,self");
      assertMatch(setup("4.1.4", "default"), /wrote odls_base_sigkill_timeout = 2 to .*mca-params/);
      assertMatch(written()!, /^btl = tcp,self\n# .*\nodls_base_sigkill_timeout = 2\n$/);
      const once = written();
      assertMatch(setup("4.1.4", ""), /is set already/);
      assertEquals(written(), once);
      return Promise.resolve();
    });
  },
);

Deno.test("refuseRanks() lets a launcher start what runs over ranks, and nothing else", async () => {
  const env = (variables: Record<string, string>) => (name: string) => variables[name];
  for (const command of ["train", "distill", "eval", "cost-matrix", "doctor"]) {
    await refuseRanks(command, env(RANK));
  }
  for (const command of ["predict", "results", "quickstart"]) {
    await assertRejects(
      () => refuseRanks(command, env(RANK)),
      UserError,
      `${command} runs in one process, and Open MPI's mpirun started 2`,
    );
  }
  await refuseRanks("predict", env({ ...RANK, WKD_MPI: "off" }));
  await refuseRanks("predict", env({ ...RANK, OMPI_COMM_WORLD_SIZE: "1" }));
  await refuseRanks("predict", env({ WKD_MPI: "/usr/lib/libmpi.so" }));
});
