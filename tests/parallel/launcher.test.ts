import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { UserError } from "../../src/errors.ts";
import { libraryNames } from "../../src/parallel/find_library.ts";
import { type Launch, readLaunch } from "../../src/parallel/launcher.ts";
import { openGroup, rankName } from "../../src/parallel/open_group.ts";
import { launchers } from "./launchers.ts";

const ROOT = fromFileUrl(new URL("../../", import.meta.url));
const MPICH = `${ROOT}.mpi/lib/libmpi_abi.so.1`;

type Variables = Readonly<Record<string, string>>;

function environmentOf(variables: Variables) {
  return (name: string): string | undefined => variables[name];
}

function launchOf(variables: Variables): Launch | null {
  return readLaunch(environmentOf(variables));
}

Deno.test("readLaunch() knows the launchers by what they set", () => {
  assertEquals(launchOf({ HOME: "/root", SLURM_PROCID: "0", SLURM_NTASKS: "4" }), null);
  assertEquals(
    launchOf({
      OMPI_COMM_WORLD_RANK: "3",
      OMPI_COMM_WORLD_SIZE: "4",
      OMPI_COMM_WORLD_LOCAL_RANK: "1",
      PMIX_RANK: "3",
    }),
    { launcher: "Open MPI's mpirun", family: "Open MPI", rank: 3, size: 4, localRank: 1 },
  );
  assertEquals(launchOf({ PMI_RANK: "1", PMI_SIZE: "2", MPI_LOCALRANKID: "1" }), {
    launcher: "a launcher of MPICH's kind",
    family: "MPICH",
    rank: 1,
    size: 2,
    localRank: 1,
  });
  const step = { SLURM_STEP_ID: "0", SLURM_STEP_NUM_TASKS: "8", SLURM_LOCALID: "2" };
  assertEquals(launchOf({ ...step, PMIX_RANK: "6" }), {
    launcher: "srun",
    family: null,
    rank: 6,
    size: 8,
    localRank: 2,
  });
  assertEquals(launchOf({ ...step, PMI_RANK: "6", PMI_SIZE: "8" })?.launcher, "srun");
  assertThrows(() => launchOf(step), UserError, "srun --mpi=pmix");
  assertEquals(launchOf({ SLURM_STEP_ID: "0", SLURM_STEP_NUM_TASKS: "1" }), null);
});

Deno.test("libraryNames() takes the library beside the launcher before the system's", () => {
  const launch = launchOf({ PMI_RANK: "0", PMI_SIZE: "2" })!;
  const files = [
    "/opt/mpi/bin/mpirun",
    "/opt/mpi/lib/libmpi.so.12",
    "/wkd/.mpi/lib/libmpi_abi.so.1",
  ];
  const names = (variables: Variables) =>
    libraryNames(launch, {
      env: environmentOf(variables),
      root: "/wkd",
      isFile: (path) => files.includes(path),
    });
  assertEquals(names({ PATH: "/usr/bin:/opt/mpi/bin" }).slice(0, 3), [
    "/opt/mpi/lib/libmpi.so.12",
    "/wkd/.mpi/lib/libmpi_abi.so.1",
    "libmpi_abi.so.1",
  ]);
  assertEquals(names({}).includes("libmpi.so.40"), false);
  assertEquals(names({ WKD_MPI: "libmpi.so.12" }), ["libmpi.so.12"]);
  assertThrows(
    () => names({ WKD_MPI: "/opt/none.so" }),
    UserError,
    "/opt/none.so, which is no file",
  );
});

Deno.test("openGroup() is alone without a launcher, and asks for --allow-ffi under one", async () => {
  const alone = await openGroup(() => undefined);
  assertEquals([alone.rank, alone.size, rankName(() => undefined)], [0, 1, null]);
  const env = environmentOf({ OMPI_COMM_WORLD_RANK: "1", OMPI_COMM_WORLD_SIZE: "2" });
  assertEquals(rankName(env), "rank 1 of 2");
  if (Deno.permissions.querySync({ name: "ffi" }).state === "granted") return;
  const error = await openGroup(env).catch((error) => error);
  assert(error instanceof UserError);
  assertMatch(error.message, /Open MPI's mpirun .*--allow-ffi/);
});

Deno.test("openGroup() says what is wrong with a library, and what to install", async () => {
  const other = launchers.get("MPICH")?.startsWith(ROOT) ? [MPICH] : [];
  const permissions = ["--allow-read", "--allow-ffi", "--allow-env", "--no-check"];
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", ...permissions, "tests/parallel/failing_libraries.ts", ...other],
    cwd: ROOT,
  }).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assertEquals(code, 0, decode(stderr));
  const lines = decode(stdout).trim().split("\n");
  const wanted = [
    /^1 rank$/,
    /^1 rank$/,
    /^WKD_MPI names \/no\/libmpi.so, which is no file; give the path/,
    /^WKD_MPI names .\/deno.json, which cannot be loaded \(.+\); sh setup.sh --mpi installs one/,
    /^WKD_MPI names libno.so.40, which cannot be loaded \(.+\); sh setup.sh --mpi installs one/,
    /^libc.so.6 has no MPI's functions, so it is no MPI library of use; sh setup.sh --mpi/,
    /^Open MPI's mpirun started these ranks, and .*libmpi_abi.so.1 is MPICH \S+, which cannot join/,
  ].slice(0, 6 + other.length);
  assertEquals(lines.length, wanted.length, lines.join("\n"));
  wanted.forEach((pattern, i) => assertMatch(lines[i], pattern));
});
