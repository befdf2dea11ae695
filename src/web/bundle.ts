import { fileURLToPath, pathToFileURL } from "node:url";
import { UserError } from "../errors.ts";
import { ioReason } from "../formats/io_reason.ts";
import { visible } from "../formats/visible.ts";

// Not written into an import: programs that make no page should not need the package.
const ESBUILD = "npm:esbuild-wasm@0.28.2/esm/browser.js";
const WASM = "../esbuild.wasm";
const PACKAGE = new URL("../../mod.ts", import.meta.url).href;
const PAGES = new URL("./page/", import.meta.url);
const ENGINE = new URL("wkd.ts", PAGES).href;
const BROWSER_PACKAGE = new URL("package.ts", PAGES).href;
/** Names of the files that {@linkcode bundlePages} makes. */
export const SCRIPTS = ["wkd.js", "predict.js", "train.js"] as const;
/** Namespace of what is read from files, and of what is made here. */
const [FILE, MADE] = ["source", "made"];

/** What is used of esbuild; its own types would want the package wherever a program's types are checked. */
interface Esbuild {
  initialize(options: { wasmModule: WebAssembly.Module; worker: boolean }): Promise<void>;
  build(options: object): Promise<{ outputFiles: { path: string; contents: Uint8Array }[] }>;
}

interface Message {
  readonly text: string;
  readonly location: { readonly file: string; readonly line: number } | null;
}

/** Where an import leads, or why nowhere. */
interface Resolved {
  readonly path?: string;
  readonly namespace?: string;
  readonly external?: boolean;
  readonly errors?: readonly { readonly text: string }[];
}

interface Loaded extends Pick<Resolved, "errors"> {
  readonly contents?: string;
  readonly loader?: string;
}

interface Build {
  onResolve(
    which: { filter: RegExp },
    find: (wanted: { path: string; importer: string; kind: string }) => Resolved,
  ): void;
  onLoad(
    which: { filter: RegExp; namespace: string },
    load: (wanted: { path: string; with: Record<string, string> }) => Loaded,
  ): void;
}

interface Plugin {
  readonly name: string;
  setup(build: Build): void;
}

let compiler: Promise<Esbuild> | undefined;

/** The bundler, which runs in this thread: it reads files and runs no program. */
function startCompiler(): Promise<Esbuild> {
  return compiler ??= (async () => {
    const esbuild = await import(ESBUILD) as Esbuild;
    const bytes = await Deno.readFile(new URL(WASM, import.meta.resolve(ESBUILD)));
    await esbuild.initialize({ wasmModule: await WebAssembly.compile(bytes), worker: false });
    return esbuild;
  })();
}

/**
 * The scripts of the pages, as a browser runs them: `wkd.js`, the engine, and one for each page that imports it.
 *
 * @param modules paths of the user's modules that register models; they find the engine in place of `mod.ts`
 * @returns the bytes of each of {@linkcode SCRIPTS}
 * @throws {UserError} where a module imports what a browser does not have
 */
export async function bundlePages(
  modules: readonly string[] = [],
): Promise<Map<string, Uint8Array>> {
  const esbuild = await startCompiler();
  const urls = modules.map((path) => pathToFileURL(path).href);
  try {
    const { outputFiles } = await esbuild.build({
      entryPoints: SCRIPTS.map((name) => ({ in: name, out: name.replace(/\.js$/, "") })),
      ...{ bundle: true, write: false, format: "esm", target: "es2022", outdir: "/" },
      ...{ minify: true, keepNames: true, legalComments: "none", logLevel: "silent" },
      plugins: [sources(urls, urls.length > 0 ? await packageText() : "")],
    });
    return new Map(outputFiles.map(({ path, contents }) => [path.replace(/^.*\//, ""), contents]));
  } catch (error) {
    throw inOneSentence(error as Error & { errors?: Message[] });
  }
}

/** Finds sources by their addresses, as Deno does. */
function sources(modules: readonly string[], packageText: string): Plugin {
  const made = new Map([
    [
      "wkd.js",
      [ENGINE, ...modules].map((url) => `import ${JSON.stringify(url)};`).join("\n") +
      `\nexport * from ${JSON.stringify(ENGINE)};`,
    ],
    ["predict.js", `import ${JSON.stringify(new URL("predict.ts", PAGES).href)};`],
    ["train.js", `import ${JSON.stringify(new URL("train.ts", PAGES).href)};`],
    [PACKAGE, packageText],
  ]);
  return {
    name: "sources",
    setup(build) {
      build.onResolve({ filter: /.*/ }, ({ path, importer, kind }) => {
        if (kind === "entry-point") return { path, namespace: MADE };
        if (!/^(\.|\/|file:)/.test(path)) {
          return { errors: [{ text: `it imports ${path}, which a browser does not have` }] };
        }
        const { href } = new URL(path, made.has(importer) ? PAGES : importer);
        if (href === PACKAGE) return { path: href, namespace: MADE };
        // The pages share the one engine, which is a file of its own.
        const isPage = importer.startsWith(PAGES.href) && importer !== BROWSER_PACKAGE;
        if (href === ENGINE && isPage) return { path: "./wkd.js", external: true };
        return { path: href, namespace: FILE };
      });
      build.onLoad({ filter: /.*/, namespace: MADE }, ({ path }) => ({ contents: made.get(path) }));
      build.onLoad(
        { filter: /.*/, namespace: FILE },
        ({ path, with: { type } }) => load(path, type),
      );
    },
  };
}

function load(url: string, type: string | undefined): Loaded {
  try {
    const contents = Deno.readTextFileSync(new URL(url));
    return { contents, loader: type === "text" || type === "json" ? type : "ts" };
  } catch (error) {
    return { errors: [{ text: `${url} cannot be read: ${ioReason(error)}` }] };
  }
}

/** The engine in place of `mod.ts`; what else that exports can be imported, but not used. */
async function packageText(): Promise<string> {
  const [whole, part] = [await import(PACKAGE), await import(BROWSER_PACKAGE)];
  const others = Object.keys(whole).filter((name) => !(name in part));
  return `export * from ${JSON.stringify(BROWSER_PACKAGE)};\n` +
    others.map((name) =>
      `export function ${name}() { throw new Error("${name} is not there in a browser"); }`
    ).join("\n");
}

function inOneSentence(error: Error & { errors?: Message[] }): Error {
  const first = error.errors?.[0];
  if (!first) return error;
  const { text, location } = first;
  const place = location ? `${placeOf(location.file)}, line ${location.line}: ` : "";
  return new UserError(visible(`the page cannot be made: ${place}${text}`), { cause: error });
}

/** A source by the path of its file. */
function placeOf(source: string): string {
  const url = source.slice(source.indexOf(":") + 1);
  return url.startsWith("file:") ? fileURLToPath(url) : url;
}
