// Not written into an import: programs that make no page should not need the package.
const ESBUILD = "npm:esbuild-wasm@0.28.2/esm/browser.js";
const WASM = "../esbuild.wasm";

/** What is used of esbuild; its own types would want the package wherever a program's types are checked. */
export interface Esbuild {
  /** Starts the program. */
  initialize(options: { wasmModule: WebAssembly.Module; worker: boolean }): Promise<void>;
  /** Bundles sources into files. */
  build(options: object): Promise<{ outputFiles: { path: string; contents: Uint8Array }[] }>;
}

/** Something that esbuild says of a source. */
export interface Message {
  /** What is wrong. */
  readonly text: string;
  /** Where, if that is known. */
  readonly location: { readonly file: string; readonly line: number } | null;
}

/** Where an import leads, or why nowhere. */
export interface Resolved {
  /** The source. */
  readonly path?: string;
  /** What reads it. */
  readonly namespace?: string;
  /** Whether it stays an import. */
  readonly external?: boolean;
  /** Why it leads nowhere. */
  readonly errors?: readonly { readonly text: string }[];
}

/** The text of a source, or why there is none. */
export interface Loaded extends Pick<Resolved, "errors"> {
  /** The text. */
  readonly contents?: string;
  /** What it is, such as `ts`. */
  readonly loader?: string;
}

/** What a plugin may register. */
export interface Build {
  /** Says where imports lead. */
  onResolve(
    which: { filter: RegExp },
    find: (wanted: { path: string; importer: string; kind: string }) => Resolved,
  ): void;
  /** Reads sources. */
  onLoad(
    which: { filter: RegExp; namespace: string },
    load: (wanted: { path: string; with: Record<string, string> }) => Loaded,
  ): void;
}

/** Finds and reads sources. */
export interface Plugin {
  /** Its name, for messages. */
  readonly name: string;
  /** Registers what it does. */
  setup(build: Build): void;
}

let compiler: Promise<Esbuild> | undefined;

/** The bundler, which runs in this thread: it reads files and runs no program. */
export function startEsbuild(): Promise<Esbuild> {
  return compiler ??= (async () => {
    const esbuild = await import(ESBUILD) as Esbuild;
    const bytes = await Deno.readFile(new URL(WASM, import.meta.resolve(ESBUILD)));
    await esbuild.initialize({ wasmModule: await WebAssembly.compile(bytes), worker: false });
    return esbuild;
  })();
}
