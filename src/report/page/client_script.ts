import { createHash } from "node:crypto";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { UserError } from "../../errors.ts";
import { writeFileAtomic } from "../../formats/atomic_write.ts";
import { granted } from "../../formats/environment.ts";
import { type Build, startEsbuild } from "../../web/esbuild.ts";

/** The scripts that pages may have: the files of `src/report/client/` with what they import. */
export type ClientName = "live" | "report";

const CLIENT = new URL("../client/", import.meta.url);
/** Where the made scripts are kept, since making one takes a second or two. */
const KEPT = new URL("../../../.cache/report/", import.meta.url);

const made = new Map<ClientName, Promise<string>>();

/** A page's script as a browser runs it, made of the sources once for each state of them. */
export function clientScript(name: ClientName): Promise<string> {
  const known = made.get(name) ?? keptScript(name);
  made.set(name, known);
  return known;
}

async function keptScript(name: ClientName): Promise<string> {
  const sources = readSources();
  const hash = createHash("sha256");
  for (const [path, text] of sources) hash.update(`${path}\0${text}\0`);
  const path = new URL(`${name}-${hash.digest("hex").slice(0, 16)}.js`, KEPT);
  try {
    return await Deno.readTextFile(path);
  } catch {
    const script = await bundle(name, sources);
    keep(path, script);
    return script;
  }
}

function readSources(): Map<string, string> {
  const names = [...Deno.readDirSync(CLIENT)].map((entry) => entry.name).sort();
  return new Map(names.map((name) => [name, Deno.readTextFileSync(new URL(name, CLIENT))]));
}

/** Keeps a script in place of those of earlier sources; a checkout that cannot be written makes it again each time. */
function keep(path: URL, script: string): void {
  // A terminal is not asked for what the next page can do as well.
  if (!granted({ name: "write", path })) return;
  try {
    const file = fileURLToPath(path);
    writeFileAtomic(file, script);
    const [folder, name] = [dirname(file), basename(file)];
    const isOlder = (each: string) => each !== name && each.startsWith(name.split("-")[0] + "-");
    for (const each of [...Deno.readDirSync(folder)].map(({ name }) => name).filter(isOlder)) {
      Deno.removeSync(join(folder, each));
    }
  } catch {
    // Nothing is lost but the time.
  }
}

async function bundle(name: ClientName, sources: ReadonlyMap<string, string>): Promise<string> {
  const esbuild = await startEsbuild().catch((error) => {
    throw new UserError("the package esbuild-wasm, which a page's script takes, is not installed", {
      ...{ cause: error, help: "deno install" },
    });
  });
  const { outputFiles } = await esbuild.build({
    entryPoints: [`${name}.ts`],
    ...{ bundle: true, write: false, format: "iife", target: "es2022", outdir: "/" },
    ...{ minify: true, legalComments: "none", logLevel: "silent", charset: "ascii" },
    plugins: [{
      name: "sources",
      setup(build: Build) {
        build.onResolve(
          { filter: /.*/ },
          ({ path }) => ({ path: path.replace(/^\.\//, ""), namespace: "client" }),
        );
        build.onLoad(
          { filter: /.*/, namespace: "client" },
          ({ path }) => ({ contents: sources.get(path), loader: "ts" }),
        );
      },
    }],
  });
  // Nothing in a script may end its element.
  return new TextDecoder().decode(outputFiles[0].contents).trim().replaceAll(
    /<(?=\/script)/gi,
    "\\x3c",
  );
}
