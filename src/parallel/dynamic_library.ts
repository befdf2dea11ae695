import { UserError } from "../errors.ts";

const MAC = Deno.build.os === "darwin";
const NOW = 0x2;
const GLOBAL = MAC ? 0x8 : 0x100;
const NODELETE = MAC ? 0x80 : 0x1000;

const C = {
  dlopen: { parameters: ["buffer", "i32"], result: "pointer" },
  dlsym: { parameters: ["pointer", "buffer"], result: "pointer" },
  dlerror: { parameters: [], result: "pointer" },
  open: { parameters: ["buffer", "i32"], result: "i32" },
  read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  close: { parameters: ["i32"], result: "i32" },
  alarm: { parameters: ["u32"], result: "u32" },
  kill: { parameters: ["i32", "i32"], result: "i32" },
  getppid: { parameters: [], result: "i32" },
  _exit: { parameters: ["i32"], result: "void" },
} as const;

let opened: Deno.DynamicLibrary<typeof C> | undefined;

/**
 * The C library of this process.
 *
 * @throws UserError on systems without one
 */
export function libc(): Deno.DynamicLibrary<typeof C>["symbols"] {
  if (Deno.build.os === "windows") {
    throw new UserError("several processes work together on Linux and macOS only, not on Windows");
  }
  return (opened ??= Deno.dlopen(MAC ? "/usr/lib/libSystem.B.dylib" : "libc.so.6", C)).symbols;
}

/** A text as C reads it. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${text}\0`);
}

/**
 * The process that started another one; 0 where the system does not tell. Deno itself lets only those look into `/proc` who may
 * do anything.
 */
export function parentOf(process: number): number {
  const file = libc().open(cString(`/proc/${process}/stat`), 0);
  if (file < 0) return 0;
  const bytes = new Uint8Array(512);
  const length = Number(libc().read(file, bytes, BigInt(bytes.length)));
  libc().close(file);
  // The name of the program, in brackets, may hold anything.
  const text = new TextDecoder().decode(bytes.subarray(0, Math.max(0, length)));
  return Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[1]) || 0;
}

/** A library that is loaded by path or name, with its symbols seen by this object alone. */
export class DynamicLibrary {
  readonly #handle: Deno.PointerObject;

  /** Loads a library by path, or by a name that the system looks up; throws Error with the system's reason. */
  constructor(readonly path: string) {
    const handle = libc().dlopen(cString(path), NOW);
    if (!handle) {
      const reason = libc().dlerror();
      throw new Error(
        reason ? Deno.UnsafePointerView.getCString(reason) : `cannot load ${path}`,
      );
    }
    this.#handle = handle;
  }

  /**
   * Lets other libraries see the symbols, as plug-ins of MPI want, and keeps the library until the process is gone: MPI has
   * threads that run on when a program ends, and that crash it when their code is unloaded.
   */
  keep(): void {
    libc().dlopen(cString(this.path), NOW | GLOBAL | NODELETE);
  }

  /** The address of a symbol; null where the library has none of this name. */
  symbol(name: string): Deno.PointerObject | null {
    return libc().dlsym(this.#handle, cString(name));
  }

  /** A function of the library; undefined where it has none of this name. */
  function<const F extends Deno.ForeignFunction>(
    name: string,
    definition: F,
  ): Deno.UnsafeFnPointer<F>["call"] | undefined {
    const address = this.symbol(name);
    if (!address) return undefined;
    const pointer = new Deno.UnsafeFnPointer(address as Deno.PointerObject<F>, definition);
    return pointer.call.bind(pointer) as Deno.UnsafeFnPointer<F>["call"];
  }
}
