/** Prints what openGroup() says of libraries that are none of use; its first argument is one of an MPI's, if there is any. */
import { UserError } from "../../src/errors.ts";
import { openGroup } from "../../src/parallel/open_group.ts";

const [mpich] = Deno.args;

async function attempt(variables: Readonly<Record<string, string>>): Promise<void> {
  try {
    const { size } = await openGroup((name) => variables[name]);
    console.log(`${size} rank`);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    console.log(error.message);
  }
}

await attempt({});
await attempt({ OMPI_COMM_WORLD_SIZE: "2", WKD_MPI: "off" });
await attempt({ WKD_MPI: "/no/libmpi.so" });
await attempt({ WKD_MPI: "./deno.json" });
await attempt({ WKD_MPI: "libno.so.40" });
await attempt({ WKD_MPI: "libc.so.6" });
if (mpich) await attempt({ OMPI_COMM_WORLD_SIZE: "2", WKD_MPI: mpich });
