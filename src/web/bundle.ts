import { fileURLToPath, pathToFileURL } from "node:url";
import { UserError } from "../errors.ts";
import { ioReason } from "../formats/io_reason.ts";
import { visible } from "../formats/visible.ts";
import { type Loaded, type Message, type Plugin, startEsbuild } from "./esbuild.ts";

const PACKAGE = new URL("../../mod.ts", import.meta.url).href;
const PAGES = new URL("./page/", import.meta.url);
const ENGINE = new URL("wkd.ts", PAGES).href;
const BROWSER_PACKAGE = new URL("package.ts", PAGES).href;
/** Names of the files that {@linkcode bundlePages} makes. */
export const SCRIPTS = ["wkd.js", "predict.js", "train.js"] as const;
/** Namespace of what is read from files, and of what is made here. */
const [FILE, MADE] = ["source", "made"];

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
  const esbuild = await startEsbuild();
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
