import { UserError } from "../errors.ts";
import { DynamicLibrary, libc } from "./dynamic_library.ts";
import { INSTALL } from "./find_library.ts";
import type { Family } from "./launcher.ts";

/**
 * What is called of MPI. Handles and addresses are whole registers, whichever of the interfaces: where a handle is an `int`
 * the callee looks at its lower half only.
 */
const CALLS = {
  MPI_Init_thread: { parameters: ["usize", "usize", "i32", "buffer"], result: "i32" },
  MPI_Finalize: { parameters: [], result: "i32" },
  MPI_Abort: { parameters: ["usize", "i32"], result: "i32" },
  MPI_Comm_rank: { parameters: ["usize", "buffer"], result: "i32" },
  MPI_Comm_size: { parameters: ["usize", "buffer"], result: "i32" },
  MPI_Comm_set_errhandler: { parameters: ["usize", "usize"], result: "i32" },
  MPI_Get_processor_name: { parameters: ["buffer", "buffer"], result: "i32" },
  MPI_Get_library_version: { parameters: ["buffer", "buffer"], result: "i32" },
  MPI_Error_string: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  MPI_Isend: {
    parameters: ["usize", "i32", "usize", "i32", "i32", "usize", "buffer"],
    result: "i32",
  },
  MPI_Irecv: {
    parameters: ["usize", "i32", "usize", "i32", "i32", "usize", "buffer"],
    result: "i32",
  },
  MPI_Test: { parameters: ["buffer", "buffer", "buffer"], result: "i32" },
  MPI_Reduce_local: { parameters: ["usize", "usize", "i32", "usize", "usize"], result: "i32" },
  MPI_Ibcast: {
    parameters: ["usize", "i32", "usize", "i32", "usize", "buffer"],
    result: "i32",
  },
  MPI_Iallgather: {
    parameters: ["usize", "i32", "usize", "usize", "i32", "usize", "usize", "buffer"],
    result: "i32",
  },
  MPI_Ibarrier: { parameters: ["usize", "buffer"], result: "i32" },
} as const;

/** MPI's functions, which return 0 where they succeed. */
export type MpiCalls = Readonly<
  Record<
    keyof typeof CALLS,
    (...values: (number | Uint8Array | Int32Array | BigInt64Array)[]) => number
  >
>;

/** What MPI's constants are in one of its binary interfaces. */
export interface Handles {
  readonly world: number;
  readonly float: number;
  readonly byte: number;
  readonly sum: number;
  readonly errorsReturn: number;
  readonly threadMultiple: number;
}

/** The standard interface, MPI 5.0, chapter 20. */
const STANDARD: Handles = {
  world: 0x101,
  float: 0x210,
  byte: 0x247,
  sum: 0x21,
  errorsReturn: 0x143,
  threadMultiple: 4096,
};

/** MPICH's own interface, which Intel MPI and Cray MPICH share: mpi.h of MPICH. */
const MPICH: Handles = {
  world: 0x44000000,
  float: 0x4c00040a,
  byte: 0x4c00010d,
  sum: 0x58000003,
  errorsReturn: 0x54000001,
  threadMultiple: 3,
};

/** Longest text that any MPI gives: that of MPI_Get_library_version. */
const LONGEST = 8192;

/** Seconds that MPI has to end all ranks before this one ends alone. */
const SECONDS_TO_ABORT = 1;

/** A failed call of MPI's. */
export class MpiError extends Error {}

/** An MPI library that is loaded, but not yet initialised. */
export class MpiLibrary {
  readonly calls: MpiCalls;
  readonly handles: Handles;
  /** What the library calls itself, such as `Open MPI v4.1.4`. */
  readonly version: string;
  /** Whose it is: which launchers can start its ranks. */
  readonly family: Family;
  readonly #library: DynamicLibrary;

  /**
   * Loads a library by path or name.
   *
   * @throws Error where there is none
   * @throws UserError where it is none of MPI's, or of an MPI whose interface is not known
   */
  constructor(readonly path: string) {
    const library = new DynamicLibrary(path);
    this.#library = library;
    this.calls = callsOf(library);
    this.version = this.#text((buffer, length) =>
      this.calls.MPI_Get_library_version(buffer, length)
    ).replace(/MPICH Version:\s*/, "MPICH ").split(/[,\n]/, 1)[0].trim();
    this.family = /open\s*mpi/i.test(this.version) ? "Open MPI" : "MPICH";
    this.handles = handlesOf(library, this.version);
  }

  /** To be called before it is initialised, and of one library alone. */
  keep(): void {
    this.#library.keep();
  }

  /** Throws MpiError unless a call succeeded. */
  check(status: number, call: string): void {
    if (status === 0) return;
    const text = this.#text((buffer, length) =>
      this.calls.MPI_Error_string(status, buffer, length)
    );
    throw new MpiError(`${call}: ${text.split("\n", 1)[0]}`);
  }

  /** Ends all ranks, this one within a few seconds even where MPI waits for hosts that cannot be reached. */
  abort(code: number): void {
    libc().alarm(SECONDS_TO_ABORT);
    this.calls.MPI_Abort(this.handles.world, code);
    libc()._exit(code);
  }

  /** The host's name as MPI has it. */
  processorName(): string {
    return this.#text((buffer, length) => this.calls.MPI_Get_processor_name(buffer, length));
  }

  #text(
    fill: (buffer: Uint8Array<ArrayBuffer>, length: Int32Array<ArrayBuffer>) => number,
  ): string {
    const [buffer, length] = [new Uint8Array(LONGEST), new Int32Array(1)];
    fill(buffer, length);
    return new TextDecoder().decode(buffer.subarray(0, length[0])).replace(/\0.*$/s, "");
  }
}

function callsOf(library: DynamicLibrary): MpiCalls {
  const names = Object.keys(CALLS) as (keyof typeof CALLS)[];
  const calls = names.map((name) => [name, library.function(name, CALLS[name])] as const);
  const missing = calls.filter(([, call]) => !call).map(([name]) => name);
  if (missing.length > 0) {
    const lacks = missing.length === names.length ? "MPI's functions" : missing.join(", ");
    throw new UserError(
      `${library.path} has no ${lacks}, so it is no MPI library of use; ${INSTALL}`,
    );
  }
  return Object.fromEntries(calls) as unknown as MpiCalls;
}

function handlesOf(library: DynamicLibrary, version: string): Handles {
  const address = (name: string) => {
    const pointer = library.symbol(`ompi_mpi_${name}`);
    return pointer ? Number(Deno.UnsafePointer.value(pointer)) : 0;
  };
  if (library.symbol("ompi_mpi_comm_world")) {
    return {
      world: address("comm_world"),
      float: address("float"),
      byte: address("byte"),
      sum: address("op_sum"),
      errorsReturn: address("errors_return"),
      threadMultiple: 3,
    };
  }
  // Only the library of the standard interface leaves out the conversions to Fortran's handles.
  const standard = library.symbol("MPI_Abi_get_version") && !library.symbol("MPI_Comm_f2c");
  if (standard || /\blibmpi_abi\./.test(library.path)) return STANDARD;
  if (/MPICH|Intel|MVAPICH|Cray/i.test(version)) return MPICH;
  throw new UserError(
    `${library.path} is ${version}, whose handles are not known here; give MPICH, Intel MPI or Open MPI by WKD_MPI`,
  );
}
