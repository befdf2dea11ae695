/**
 * Writes `types/deno_std.d.ts`: the declarations of the parts of Deno's standard library that the
 * project imports, taken from the library's own TypeScript sources. The npm package `deno-std`,
 * which carries the library, is plain JavaScript.
 *
 * `deno-std@1.4.0` was built from the tag `release-2026.07.30`. Run it from the project's root
 * whenever an import from `@std/...` is added or the package is raised:
 *
 *     git clone --depth 1 --branch release-2026.07.30 https://github.com/denoland/std PATH_TO_STD
 *     deno run -A --no-config --no-lock types/make_deno_std.ts PATH_TO_STD
 *
 * Each `declare module` block holds the names that the project's sources and the examples of its
 * documents import from that module, and the types that their signatures name. `--no-config` keeps
 * TypeScript, which this script alone wants, out of the project's packages and its lock file.
 */
import { dirname, join, resolve } from "node:path";
// deno-lint-ignore no-import-prefix -- no package of the project, as the docstring says
import ts from "npm:typescript@6.0.3";

const OUT = "types/deno_std.d.ts";
const PLACES = ["mod.ts", "wkd.ts", "src", "tests", "bench", "examples", "docs", "README.md"];
const IMPORT = /^import\s+(?:type\s+)?\{([^}]*)\}\s+from\s+"(@std\/[^"]+)"/gm;
const COMPILER_OPTIONS: ts.CompilerOptions = {
  strict: true,
  target: ts.ScriptTarget.ESNext,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  allowImportingTsExtensions: true,
  declaration: true,
  emitDeclarationOnly: true,
  types: [],
};

/** The TypeScript and Markdown files at and below a path. */
function* textFiles(path: string): Generator<string> {
  if (Deno.statSync(path).isFile) {
    if (/\.(ts|md)$/.test(path)) yield path;
    return;
  }
  for (const { name } of Deno.readDirSync(path)) {
    if (name !== "node_modules") yield* textFiles(join(path, name));
  }
}

/** The names that the project imports, for each module of the standard library. */
function importedNames(): Map<string, Set<string>> {
  const modules = new Map<string, Set<string>>();
  for (const file of PLACES.flatMap((place) => [...textFiles(place)])) {
    for (const [, list, module] of Deno.readTextFileSync(file).matchAll(IMPORT)) {
      const names = modules.get(module) ?? new Set();
      modules.set(module, names);
      for (const item of list.split(",")) {
        const name = item.trim().replace(/^type\s+/, "").split(/\s+as\s+/)[0];
        if (name) names.add(name);
      }
    }
  }
  return new Map([...modules].sort(([a], [b]) => a < b ? -1 : 1));
}

/** A package's own `deno.json`, for a specifier such as `@std/fmt/bytes`. */
function packageOf(std: string, specifier: string) {
  const [, folder, ...rest] = specifier.split("/");
  const { name, version, exports } = JSON.parse(
    Deno.readTextFileSync(join(std, folder, "deno.json")),
  );
  const entry = exports[[".", ...rest].join("/")];
  if (!entry) throw new Error(`${name} ${version} exports no ${rest.join("/")}`);
  return { name, version, entry: join(std, folder, entry) };
}

/** The file of the checkout that a specifier means in one of the checkout's files. */
function resolveIn(std: string, specifier: string, from: string): string {
  if (specifier.startsWith("@std/")) return packageOf(std, specifier).entry;
  return resolve(dirname(from), specifier);
}

/** A program of the checkout's files; `read` gives a file's text where it is not the one on disk. */
function programOf(
  std: string,
  entries: string[],
  read: (fileName: string) => string | undefined,
): ts.Program {
  const host = ts.createCompilerHost(COMPILER_OPTIONS);
  const getSourceFile = host.getSourceFile.bind(host);
  host.getSourceFile = (fileName, version) => {
    const text = read(fileName);
    if (text === undefined) return getSourceFile(fileName, version);
    return ts.createSourceFile(fileName, text, version, true);
  };
  host.resolveModuleNameLiterals = (literals, from) =>
    literals.map(({ text }) => ({
      resolvedModule: { resolvedFileName: resolveIn(std, text, from), extension: ".ts" },
    }));
  return ts.createProgram(entries, COMPILER_OPTIONS, host);
}

/** A program whose files of the checkout hold their declarations only. */
function declarationProgram(std: string, entries: string[]): ts.Program {
  const declarations = new Map<string, string>();
  const sources = programOf(std, entries, () => undefined);
  fail(ts.getPreEmitDiagnostics(sources));
  const { diagnostics } = sources.emit(undefined, (_path, text, _mark, _onError, files) => {
    declarations.set(files![0].fileName, text);
  });
  fail(diagnostics);
  return programOf(std, entries, (fileName) => declarations.get(fileName));
}

function fail(diagnostics: readonly ts.Diagnostic[]): void {
  if (diagnostics.length === 0) return;
  throw new Error(ts.formatDiagnostics(diagnostics, {
    getCurrentDirectory: () => "",
    getCanonicalFileName: (fileName) => fileName,
    getNewLine: () => "\n",
  }));
}

/** The statements of a file that declare a symbol; a function has one for each overload. */
function statementsOf(symbol: ts.Symbol): ts.Statement[] {
  return (symbol.declarations ?? []).flatMap((declaration) => {
    const node = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
    return ts.isSourceFile(node.parent) ? [node as ts.Statement] : [];
  });
}

/** The wanted symbols of a module and all that their declarations name, in that order. */
function withNamedTypes(checker: ts.TypeChecker, std: string, wanted: ts.Symbol[]): ts.Symbol[] {
  const found = new Set<ts.Symbol>();
  const add = (symbol: ts.Symbol) => {
    const own = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    const statements = statementsOf(own);
    if (found.has(own) || !statements[0]?.getSourceFile().fileName.startsWith(std)) return;
    found.add(own);
    statements.forEach(visit);
  };
  const visit = (node: ts.Node): void => {
    const symbol = ts.isIdentifier(node) && checker.getSymbolAtLocation(node);
    if (symbol) add(symbol);
    ts.forEachChild(node, visit);
  };
  wanted.forEach(add);
  return [...found];
}

/** A comment without its examples, and without the empty lines that these leave. */
function withoutExamples(comment: string): string {
  return comment.replace(/\* @example[^]*?(?=\* @(?!example)|\*\/)/g, "")
    .replace(/(\n *\*? *)+(?=\n *\*\/)/, "").replace(/(\n *\*) *(\n *\* *)+(?=\n)/g, "$1");
}

/** A statement as it stands in a `declare module` block. */
function textOf(statement: ts.Statement, exported: boolean): string {
  const comment = ts.getJSDocCommentsAndTags(statement).filter(ts.isJSDoc).at(-1)?.getText();
  const code = statement.getText().replace(/^(export )?(declare )?/, exported ? "export " : "");
  const text = comment ? `${comment}\n${code}` : code;
  return text.replace(/\/\*\*[^]*?\*\//g, withoutExamples).replace(/^ {4}/gm, "  ");
}

/** The `declare module` block of one module. */
function block(program: ts.Program, std: string, specifier: string, names: Set<string>): string {
  const checker = program.getTypeChecker();
  const { name, version, entry } = packageOf(std, specifier);
  const exports = new Map(
    checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(entry)!)!)
      .map((symbol) => [symbol.name, symbol]),
  );
  const wanted = [...names].sort().map((name) => {
    const symbol = exports.get(name);
    if (!symbol) throw new Error(`${specifier} ${version} exports no ${name}`);
    return symbol;
  });
  const symbols = withNamedTypes(checker, std, wanted);
  if (new Set(symbols.map(({ name }) => name)).size < symbols.length) {
    throw new Error(`${specifier}: two types that its functions name are called the same`);
  }
  const code = symbols.flatMap((symbol) =>
    statementsOf(symbol).map((statement) => textOf(statement, exports.has(symbol.name)))
  );
  if (!symbols.every(({ name }) => exports.has(name))) code.push("export {};");
  const indented = code.join("\n\n").replace(/^(?=.)/gm, "  ");
  const files = symbols.flatMap((symbol) =>
    statementsOf(symbol).map((statement) => statement.getSourceFile().fileName)
  );
  const holders = new Set(
    [...new Set(files)].flatMap((file) =>
      Deno.readTextFileSync(file).match(/^\/\/ Copyright .*$/gm) ?? []
    ),
  );
  return `// ${name} ${version}\n${[...holders].join("\n")}\n` +
    `declare module "${specifier}" {\n${indented}\n}\n`;
}

if (Deno.args.length !== 1) {
  console.error(`one argument is wanted, the path of a checkout of github.com/denoland/std`);
  Deno.exit(2);
}
const std = Deno.realPathSync(Deno.args[0]);
const modules = importedNames();
const entries = [...modules.keys()].map((specifier) => packageOf(std, specifier).entry);
const program = declarationProgram(std, entries);
const licence = Deno.readTextFileSync(join(std, "LICENSE")).trimEnd();
const header =
  `Generated by types/make_deno_std.ts from https://github.com/denoland/std; run that ` +
  `again instead of editing this.\n` +
  `Declarations of what the project imports of Deno's standard library, under its MIT licence:\n\n`;
const text = (header + licence).replace(/^/gm, "// ").replace(/ +$/gm, "") + "\n";
const blocks = [...modules].map(([specifier, names]) => block(program, std, specifier, names));
Deno.writeTextFileSync(OUT, [text, ...blocks].join("\n"));
console.log(`${OUT}: ${[...modules].map(([name, { size }]) => `${name} ${size}`).join(", ")}`);
