import { assert, assertEquals } from "@std/assert";
import { SHARED_KERNELS } from "../src/gpu/shared_kernels.ts";

const ROOT = new URL("../", import.meta.url);

/** Folders of src/ that a folder imports from, beside itself. All point down. */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  gpu: [],
  // Methods such as `x.relu()` call ops; the two folders are one layer.
  tensor: ["gpu", "ops"],
  ops: ["gpu", "tensor"],
  nn: ["gpu", "tensor", "ops"],
  registry: [],
  models: ["tensor", "ops", "nn", "registry"],
  losses: ["tensor", "ops"],
  // The keys of a configuration are part of what an optimiser, a schedule or a distiller says of itself.
  optim: ["gpu", "tensor", "ops", "config", "registry"],
  distill: ["tensor", "ops", "nn", "models", "losses", "config", "registry"],
  formats: [],
  config: ["formats", "registry"],
  parallel: ["formats"],
  data: ["config", "formats", "registry"],
  cost_matrix: ["gpu", "tensor", "ops", "models", "data", "parallel"],
  export: ["gpu", "tensor", "nn", "models", "formats"],
  train: [
    "gpu",
    "tensor",
    "ops",
    "nn",
    "models",
    "optim",
    "distill",
    "formats",
    "data",
    "parallel",
  ],
  logging: ["formats", "train"],
  run: [
    "gpu",
    "tensor",
    "ops",
    "nn",
    "models",
    "optim",
    "distill",
    "formats",
    "registry",
    "config",
    "data",
    "cost_matrix",
    "train",
    "logging",
    "parallel",
  ],
  // Beside what the engine exports, what its pages take of it one by one.
  web: ["gpu", "tensor", "models", "distill", "registry", "formats", "data", "train"],
};

/** Files outside of the folders that a layer may import. */
const ALSO: Readonly<Record<string, readonly string[]>> = { web: ["src/engine.ts"] };

/** The errors of every layer that reads what users bring, and the check of options that all have. */
const SHARED = ["src/errors.ts", "src/options.ts"];

const ENGINE = ["gpu", "tensor", "ops", "nn", "losses", "models"];

const LONGEST = 300;
/** The one class with all of PyTorch's method names. */
const LONGEST_TENSOR = 500;

interface Source {
  /** Below the root, as `src/ops/add.ts`. */
  path: string;
  text: string;
}

function sources(folder: string, extension: string): Source[] {
  return [...Deno.readDirSync(new URL(folder, ROOT))].flatMap(({ name, isDirectory }) => {
    const path = `${folder}${name}`;
    if (isDirectory) return sources(`${path}/`, extension);
    return name.endsWith(extension)
      ? [{ path, text: Deno.readTextFileSync(new URL(path, ROOT)) }]
      : [];
  });
}

/** What a file imports: paths below the root, or bare names. */
function importsOf({ path, text }: Source): string[] {
  const specifiers = [
    ...text.matchAll(/^(?:import|export)\b[^;]*?\bfrom\s+"([^"]+)"/gm),
    ...text.matchAll(/^import\s+"([^"]+)"/gm),
    ...text.matchAll(/\bimport\(\s*"([^"]+)"/g),
  ].map(([, specifier]) => specifier);
  return specifiers.map((specifier) =>
    specifier.startsWith(".")
      ? new URL(specifier, new URL(path, ROOT)).pathname.slice(ROOT.pathname.length)
      : specifier
  );
}

const TYPESCRIPT = sources("src/", ".ts");
const KERNELS = sources("kernels/", ".wgsl");

Deno.test("importsOf() finds imports of every form", () => {
  const text = 'import { a,\n  b } from "../gpu/a.ts";\nexport type { C } from "./c.ts";\n' +
    'import "side";\nconst d = await import("../../mod.ts");\n// import x from "no.ts"\n';
  assertEquals(importsOf({ path: "src/ops/x.ts", text }), [
    "src/gpu/a.ts",
    "src/ops/c.ts",
    "side",
    "mod.ts",
  ]);
});

for (const [layer, below] of Object.entries(LAYERS)) {
  Deno.test(`src/${layer} imports only what is below it`, () => {
    const files = TYPESCRIPT.filter(({ path }) => path.startsWith(`src/${layer}/`));
    assert(files.length > 0);
    const folders = [layer, ...below].map((name) => `src/${name}/`);
    const allowed = [...SHARED, ...ALSO[layer] ?? [], ...folders];
    const wrong = files.flatMap((file) =>
      importsOf(file)
        .filter((target) => /^src\/|^mod\.ts/.test(target))
        .filter((target) => !allowed.some((folder) => target.startsWith(folder)))
        .map((target) => `${file.path} imports ${target}`)
    );
    assertEquals(wrong, []);
  });
}

Deno.test("every folder of src/ but the command line's is one of the layers", () => {
  const inFolders = TYPESCRIPT.filter(({ path }) =>
    path !== "src/engine.ts" && !SHARED.includes(path)
  );
  const folders = new Set(inFolders.map(({ path }) => path.split("/")[1]));
  assertEquals([...folders].sort(), [...Object.keys(LAYERS), "cli"].sort());
});

/** Files that import one another in a circle, types too: each is reached from itself. */
function circles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const left = new Map(
    [...graph].map(([path, targets]) => [path, targets.filter((t) => graph.has(t))]),
  );
  for (let before = -1; before !== left.size;) {
    before = left.size;
    const imported = new Set([...left.values()].flat());
    for (const [path, targets] of left) {
      if (!imported.has(path) || targets.every((target) => !left.has(target))) left.delete(path);
    }
  }
  return [...left.keys()];
}

Deno.test("circles() finds what imports itself by way of others, and nothing that only leads there", () => {
  const graph = { a: ["b"], b: ["c"], c: ["d"], d: ["b"], e: ["b", "f"], f: [], g: ["f"] };
  assertEquals(circles(new Map(Object.entries(graph))).sort(), ["b", "c", "d"]);
});

Deno.test("no files of src/ import one another in a circle, not even types", () => {
  assertEquals(circles(new Map(TYPESCRIPT.map((file) => [file.path, importsOf(file)]))), []);
});

/** A file and all that it imports, directly or not. */
function withImports(
  path: string,
  files: readonly Source[] = TYPESCRIPT,
  found = new Map<string, Source>(),
): Map<string, Source> {
  const source = files.find((each) => each.path === path);
  if (!source || found.has(path)) return found;
  found.set(path, source);
  for (const target of importsOf(source)) withImports(target, files, found);
  return found;
}

/** The sources without what they import for its types alone, of which nothing is left when they run. */
const VALUES = TYPESCRIPT.map(({ path, text }) => {
  return { path, text: text.replace(/^(?:import|export) type\b[^;]*;/gm, "") };
});

Deno.test("the engine uses neither Deno nor packages", () => {
  const reached = withImports("src/engine.ts");
  const engine = TYPESCRIPT.filter(({ path }) =>
    ENGINE.includes(path.split("/")[1]) || reached.has(path)
  );
  assert(reached.size > 200);
  const wrong = engine.flatMap((file) => [
    // The name of the symbol that console.log() looks for is only a text.
    ...(/\bDeno\.(?!customInspect")/.test(file.text) ? [`${file.path} uses Deno`] : []),
    ...importsOf(file)
      .filter((target) => !/^(src|kernels)\//.test(target))
      .map((target) => `${file.path} imports ${target}`),
  ]);
  assertEquals(wrong, []);
});

Deno.test("the pages use neither Deno nor packages", () => {
  const pages = TYPESCRIPT.filter(({ path }) => path.startsWith("src/web/page/"));
  const reached = new Map(pages.flatMap(({ path }) => [...withImports(path, VALUES)]));
  assert(reached.size > 200);
  const wrong = [...reached.values()].flatMap((file) => [
    ...(/\bDeno\.(?!customInspect")/.test(file.text) ? [`${file.path} uses Deno`] : []),
    ...importsOf(file)
      .filter((target) => !/^(src|kernels)\//.test(target))
      .map((target) => `${file.path} imports ${target}`),
  ]);
  assertEquals(wrong, []);
});

Deno.test("every kernel is imported by exactly one file", () => {
  const users = new Map<string, string[]>(KERNELS.map(({ path }) => [path, []]));
  for (const file of TYPESCRIPT) {
    for (const target of importsOf(file).filter((each) => each.endsWith(".wgsl"))) {
      assert(users.has(target), `${file.path} imports ${target}, which does not exist`);
      users.get(target)!.push(file.path);
    }
  }
  assert(users.size > 0);
  const wrong = [...users].filter(([, files]) => files.length !== 1)
    .map(([kernel, files]) => `${kernel} is imported by ${files.join(", ") || "nothing"}`);
  assertEquals(wrong, []);
});

Deno.test("what kernels share is known to the template language and included in more than one place", () => {
  const shared = KERNELS.filter(({ path }) => path.startsWith("kernels/shared/"));
  const names = shared.map(({ path }) => path.replace(/^.*\/|\.wgsl$/g, ""));
  assertEquals(Object.keys(SHARED_KERNELS).sort(), names.sort());
  for (const { path, text } of shared) {
    const [, name] = /(\w+)\.wgsl$/.exec(path)!;
    assertEquals(SHARED_KERNELS[name], text);
    const places = KERNELS.flatMap((kernel) =>
      kernel.text.split(`//: include "${name}"`).slice(1).map(() => kernel.path)
    );
    assert(places.length > 1, `${path} is included by ${places}`);
  }
});

Deno.test("no source file is longer than 300 lines", () => {
  const lines = ({ text }: Source) => text.split("\n").length - 1;
  const limit = (path: string) => path === "src/tensor/core.ts" ? LONGEST_TENSOR : LONGEST;
  const wrong = [...TYPESCRIPT, ...KERNELS].filter((file) => lines(file) > limit(file.path))
    .map((file) => `${file.path} has ${lines(file)} lines`);
  assertEquals(wrong, []);
});
