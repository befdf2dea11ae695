import { assert, assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { datasets, isImportedDataset } from "../src/data/registry.ts";
import { distillers, isImportedDistiller } from "../src/distill/registry.ts";
import { inTempDir } from "./temp_dir.ts";

const root = fromFileUrl(new URL("..", import.meta.url));
const PAGES = [
  "README.md",
  "CHANGELOG.md",
  "checkpoints/README.md",
  "wkd_cost_matrix/README.md",
  "docs/architecture.md",
  "docs/pages.md",
  "docs/adding_an_op.md",
  "docs/adding_a_distiller.md",
  "docs/adding_a_model.md",
  "docs/adding_a_dataset.md",
  "docs/fine_tuning.md",
  "docs/gpu.md",
  "docs/recipes.md",
  "docs/many_machines.md",
  "docs/over_ranks.md",
  "docs/reports.md",
];
const FOLDERS =
  "bench|checkpoints|configs|docs|examples|kernels|results|scratch|src|tests|types|wkd_cost_matrix";
const EXTENSIONS = "ts|wgsl|md|yaml|json|safetensors|sh|py";

function page(path: string): string {
  return Deno.readTextFileSync(join(root, path));
}

function exists(path: string): boolean {
  try {
    Deno.statSync(join(root, path));
    return true;
  } catch {
    return false;
  }
}

/** Files that the text tells the reader to make: a line of only its name before a block of code. */
function examples(text: string): Map<string, string> {
  return new Map(
    [...text.matchAll(/^`([\w./-]+)`:\n\n```\w*\n(.*?)^```$/gms)].map(([, path, code]) => [
      path,
      code,
    ]),
  );
}

/** Lines that the text tells the reader to add to a file. */
function additions(text: string): [string, string][] {
  return [...text.matchAll(/\bAdd\s+to\s+`([\w./-]+)`:\n\n```\w*\n(.*?)^```$/gms)]
    .map(([, path, code]) => [path, code]);
}

function mentionedPaths(text: string): string[] {
  const pattern = new RegExp(`(?<![\\w./<-])(?:${FOLDERS})/[\\w./*-]*[\\w*/]`, "g");
  const files = new RegExp(`(?<![\\w./<>-])[\\w.-]+\\.(?:${EXTENSIONS})(?![\\w/])`, "g");
  return [
    ...[...text.matchAll(pattern)].map(([path]) => path).filter((path) => !path.includes("*")),
    ...["mod.ts", "setup.sh", "deno.json", "LICENSE", "CHANGELOG.md"].filter((path) =>
      [...text.matchAll(files)].some(([name]) => name === path)
    ),
  ];
}

for (const path of PAGES) {
  Deno.test(`${path} names only files that exist`, () => {
    const text = page(path);
    const made = examples(text);
    const missing = mentionedPaths(text).filter((name) => !exists(name) && !made.has(name));
    assertEquals(missing, []);
  });

  Deno.test(`${path} names only tasks that exist`, () => {
    const { tasks } = JSON.parse(page("deno.json"));
    const named = [...page(path).matchAll(/deno task ([a-z][\w:-]*)/g)].map(([, name]) => name);
    assertEquals(named.filter((name) => !Object.hasOwn(tasks, name)), []);
  });

  Deno.test(`${path} links only to files that exist`, () => {
    const links = [...page(path).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, link]) => link);
    const folder = path.split("/").slice(0, -1).join("/");
    assertEquals(links.filter((link) => !exists(join(folder, link))), []);
  });
}

Deno.test("docs/architecture.md quotes the sources as they are", () => {
  const quotes = [
    ...page("docs/architecture.md").matchAll(/^From `([\w./-]+)`:\n\n```\w*\n(.*?)^```$/gms),
  ];
  assert(quotes.length >= 5, `${quotes.length} quotations found`);
  for (const [, path, quote] of quotes) {
    const lines = page(path).split("\n").map((line) => line.trim());
    const changed = quote.split("\n").filter((line) => !lines.includes(line.trim()));
    assertEquals(changed, [], path);
  }
});

/** Of the package: tests add others. */
const DATASETS = datasets().filter(({ name }) => !isImportedDataset(name));

Deno.test("README.md lists the distillers and the data sets that are registered", () => {
  const [, table] = /<!-- distillers -->\n(.*?)<!-- \/distillers -->/s.exec(page("README.md"))!;
  const rows = table.trim().split("\n").slice(2).map((row) => row.split("|").map((s) => s.trim()));
  const own = distillers().filter(({ name }) => !isImportedDistiller(name));
  assertEquals(
    rows.map(([, name, doc]) => [name, doc]),
    own.map(({ name, doc }) => [`\`${name}\``, doc]),
  );
  for (const { name } of DATASETS) assert(page("README.md").includes(`\`${name}\``), name);
});

const EXAMPLES = {
  "docs/adding_an_op.md": ["tests/ops/elementwise/square.test.ts", "tests/ops/mirror.test.ts"],
  "docs/adding_a_distiller.md": ["tests/distill/logit_matching.test.ts"],
  "docs/adding_a_model.md": ["tests/models/small_net.test.ts"],
};

/** A copy of the sources with the files of the examples in it. */
function writeExamples(folder: string): void {
  for (const name of ["src", "kernels", "types"]) copyTree(join(root, name), join(folder, name));
  Deno.mkdirSync(join(folder, "tests/ops/elementwise"), { recursive: true });
  for (
    const name of ["tests/helpers.ts", "tests/ops/elementwise/elementwise_cases.ts", "deno.json"]
  ) {
    Deno.copyFileSync(join(root, name), join(folder, name));
  }
  Deno.symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  for (const [path, tests] of Object.entries(EXAMPLES)) {
    const files = examples(page(path));
    for (const test of tests) assert(files.has(test), `${path} has no ${test}`);
    for (const [name, code] of additions(page(path))) {
      Deno.writeTextFileSync(join(folder, name), code, { append: true, create: false });
    }
    for (const [name, code] of files) {
      Deno.mkdirSync(join(folder, name, ".."), { recursive: true });
      Deno.writeTextFileSync(join(folder, name), code);
    }
  }
}

function copyTree(from: string, to: string): void {
  Deno.mkdirSync(to, { recursive: true });
  for (const entry of Deno.readDirSync(from)) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory) copyTree(source, target);
    else Deno.copyFileSync(source, target);
  }
}

Deno.test("the examples of docs/ compile and pass their tests", async () => {
  await inTempDir(async (folder) => {
    writeExamples(folder);
    const tests = Object.values(EXAMPLES).flat();
    const args = ["test", "--allow-read", "--allow-env", "--node-modules-dir=manual", ...tests];
    const command = new Deno.Command(Deno.execPath(), { args, cwd: folder });
    const { success, stdout, stderr } = await command.output();
    const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    assert(success, decode(stdout) + decode(stderr));
  });
});
