import { assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { ConfigError } from "../../src/config/config.ts";
import "../../src/optim/registry.ts";
import { inTempDir } from "../temp_dir.ts";
import { loadConfig, resolveConfig } from "./sections.ts";

function failure(yaml: string): string {
  const message = assertThrows(() => resolveConfig(yaml, "x.yaml"), ConfigError).message;
  assertEquals(message.includes("\n"), false);
  assertEquals(message.length < 700, true, message.slice(0, 700));
  return message;
}

Deno.test("resolveConfig() merges what << names, as PyYAML does", () => {
  const { AT, NST, SP, PKT } = resolveConfig(
    `
AT: {LOSS: &loss {CE_WEIGHT: 2, FEAT_WEIGHT: 3}}
NST: {LOSS: {FEAT_WEIGHT: 5, <<: *loss}}
SP:
  LOSS:
    <<: [&one {CE_WEIGHT: 7}, *loss]
PKT: {LOSS: {<<: {<<: *one}}}
`,
    "x",
  );
  assertEquals(AT.LOSS, { CE_WEIGHT: 2, FEAT_WEIGHT: 3 });
  assertEquals(NST.LOSS, { CE_WEIGHT: 2, FEAT_WEIGHT: 5 });
  assertEquals(SP.LOSS, { CE_WEIGHT: 7, FEAT_WEIGHT: 3 });
  assertEquals(PKT.LOSS, { CE_WEIGHT: 7, FEAT_WEIGHT: 30000 });
});

Deno.test("resolveConfig() says what << cannot merge, with the line", () => {
  assertEquals(
    failure("AT:\n  LOSS:\n    <<: 3\n"),
    'x.yaml, line 3: AT.LOSS.<< merges mappings, such as "*base" or "[*one, *other]"; got 3',
  );
  assertEquals(
    failure("AT:\n  LOSS: &a\n    <<: *a\n"),
    "x.yaml, line 3: AT.LOSS.<< merges a mapping into itself",
  );
  assertEquals(
    failure("AT:\n  LOSS: &a {EPS: 1}\n"),
    "x.yaml, line 2: unknown key AT.LOSS.EPS; did you mean SOLVER.EPS?",
  );
  const levels = Array.from({ length: 20 }, (_, i) => {
    const before = i === 0 ? [] : Array(9).fill(`*m${i - 1}`);
    return `- &m${i} {k${i}: 1, <<: [${before.join(", ")}]}`;
  });
  const bomb = `SOLVER:\n  LR_DECAY_STAGES:\n  ${levels.join("\n  ")}\n  <<: *m19\n`;
  assertMatch(failure(bomb), /^x\.yaml, line \d+: SOLVER\.LR_DECAY_STAGES must be/);
  assertMatch(
    failure(`SOLVER: {<<: [${"{LR: 1, EPOCHS: 2},".repeat(9000)}3]}`),
    /SOLVER\.<< merges/,
  );
});

Deno.test("resolveConfig() reads keys with dots, and says which are given twice", () => {
  const { SOLVER, WKD } = resolveConfig(
    "SOLVER.LR: 0.1\nSOLVER: {EPOCHS: 3}\nEXPERIMENT.SEED: 4\nWKD: {LOSS.CE_WEIGHT: 2}\nWKD.SINKHORN: {ITER: 3}\n",
    "x",
  );
  assertEquals([SOLVER.LR, SOLVER.EPOCHS, SOLVER.SEED], [0.1, 3, 4]);
  assertEquals([WKD.LOSS.CE_WEIGHT, WKD.SINKHORN.ITER], [2, 3]);
  assertStringIncludes(
    failure("SOLVER:\n  LR: 0.1\nSOLVER.LR: 0.1\n"),
    "x.yaml, line 3: SOLVER.LR is given twice",
  );
  assertEquals(
    failure("KD: {}\nSOLVER.LRR: 1\n"),
    "x.yaml, line 2: unknown key SOLVER.LRR; did you mean SOLVER.LR?",
  );
  assertStringIncludes(failure("SOLVER.LR.X: 1\n"), "x.yaml, line 1: unknown key SOLVER.LR.X");
});

Deno.test("resolveConfig() names the line of a key in blocks, braces, quotes and merged mappings", () => {
  const cases: [string, number][] = [
    ["# a\n\nSOLVER:\n\n  LR: 0.1\n  EPOCHS: x # b\n  BATCH_SIZE: 3\n", 6],
    ["SOLVER: {\n  LR: 0.1,\n  EPOCHS: x,\n  BATCH_SIZE: 3\n}\n", 3],
    ["WKD: {LOSS: {CE_WEIGHT: 1,\n  WKD_LOGIT_WEIGHT: -1,\n  WKD_FEAT_WEIGHT: 0\n}}\n", 2],
    ['"SOLVER":\r\n  "LR": 0.1\r\n  "EPOCHS": x\r\n', 3],
    ["SOLVER:\r  LR: 0.1\r  EPOCHS: x\r", 3],
    ["SOLVER:\n  EPOCHS: |\n    a\n    b\n  LR: 1\n", 2],
    ["SOLVER:\n  EPOCHS:\n    - 1\n    - 2\n  LR: 1\n", 2],
    ["KD: {LOSS: &a {CE_WEIGHT: 1}}\nAT:\n  LOSS:\n    <<: *a\n    CE_WEIGHT: x\n", 5],
    ["EXPERIMENT:\n  NAME: 'a\n    b\n    c'\nSOLVER:\n  LR: x\n", 6],
  ];
  for (const [yaml, line] of cases) assertStringIncludes(failure(yaml), `x.yaml, line ${line}: `);
});

Deno.test("resolveConfig() ends on nesting, aliases and names without end in one short sentence", () => {
  const nested = failure(`SOLVER:\n  LR: ${"[".repeat(6000)}${"]".repeat(6000)}\n`);
  assertEquals(nested, "x.yaml, line 2: this is nested too deeply");
  assertStringIncludes(failure(`SOLVER:\n  LR: ${"[".repeat(900)}${"]".repeat(900)}`), "line 2: ");
  assertStringIncludes(failure("SOLVER:\n  LR: &a [*a]\n"), "line 2: SOLVER.LR must be a number");
  assertStringIncludes(failure("SOLVER: &a\n  SOLVER: *a\n"), "line 2: unknown key SOLVER.SOLVER");
  let bomb = `SOLVER:\n  LR: [&a0 [${Array(9).fill("x")}]`;
  for (let i = 1; i < 12; i++) bomb += `,\n    &a${i} [${Array(9).fill(`*a${i - 1}`)}]`;
  assertStringIncludes(failure(`${bomb}]\n`), "line 2: SOLVER.LR must be a number");
  const started = performance.now();
  const long = failure(`SOLVER:\n  ${"K".repeat(100_000)}: 1\n`);
  assertMatch(long, /^x\.yaml, line 2: unknown key SOLVER\.K+\.\.\.; /);
  assertEquals(performance.now() - started < 2000, true);
  assertMatch(
    failure(`SOLVER:\n  LR: *${"a".repeat(9000)}\n`),
    /unidentified alias .* at line 2, /,
  );
  assertStringIncludes(failure(" \n".repeat(200_000)), "at most 262144 characters");
});

Deno.test("resolveConfig() names the line of a character that is none of YAML's", () => {
  for (const [text, code] of [["\0", "0000"], ["\x1b[31m", "001B"], ["\x9b", "009B"]]) {
    assertStringIncludes(
      failure(`SOLVER:\n  LR: 0.1${text}\n`),
      `x.yaml, line 2: the character U+${code}`,
    );
  }
  assertStringIncludes(failure("KD: {}\nA: !!python/tuple [1]\n"), "python/tuple> at line 2");
  assertEquals(resolveConfig("%YAML 1.1\n---\nSOLVER: {LR: 010}\n", "x").SOLVER.LR, 8);
});

const LR = "# Lernrate für später\nSOLVER:\n  LR: 0.25\n";

function utf16(text: string, littleEndian: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(2 * text.length + 2));
  [0xfeff, ...Array.from(text, (each) => each.charCodeAt(0))]
    .forEach((code, i) => view.setUint16(2 * i, code, littleEndian));
  return new Uint8Array(view.buffer);
}

Deno.test("loadConfig() reads UTF-8 and UTF-16 with their marks, and names the line of other bytes", async () => {
  await inTempDir((folder) => {
    const path = join(folder, "x.yaml");
    const load = (bytes: Uint8Array) => {
      Deno.writeFileSync(path, bytes);
      return loadConfig(path).SOLVER.LR;
    };
    const utf8 = new TextEncoder().encode(LR);
    const marked = new Uint8Array([0xef, 0xbb, 0xbf, ...utf8]);
    for (const bytes of [utf8, marked, utf16(LR, true), utf16(LR, false)]) {
      assertEquals(load(bytes), 0.25);
    }
    const latin1 = Uint8Array.from(LR.replace("0.25", "ü"), (each) => each.charCodeAt(0));
    const wrong: [Uint8Array, string][] = [
      [latin1, "line 1: this is not UTF-8"],
      [Uint8Array.from("SOLVER:\n  LR: \xe4", (each) => each.charCodeAt(0)), "line 2: this is"],
      [utf16(LR, true).slice(0, -1), "line 1: the file begins as UTF-16LE"],
      [utf16("KD: {}", true).slice(2), "line 1: the character U+0000"],
    ];
    for (const [bytes, message] of wrong) {
      const error = assertThrows(() => load(bytes), ConfigError);
      assertStringIncludes(error.message, `${path}, ${message}`);
    }
  });
});

Deno.test("loadConfig() reads neither pipes nor devices, nor what is larger than a configuration", async () => {
  await inTempDir((folder) => {
    const pipe = join(folder, "pipe");
    new Deno.Command("mkfifo", { args: [pipe] }).outputSync();
    const large = join(folder, "large.yaml");
    Deno.writeTextFileSync(large, "#".repeat(300_000));
    for (
      const [path, reason] of [[pipe, "it is a pipe"], ["/dev/zero", "it is a device"], [
        large,
        "it has 300000 bytes",
      ]]
    ) {
      const { message } = assertThrows(() => loadConfig(path), ConfigError);
      assertStringIncludes(message, `cannot read the configuration ${path}: ${reason}`);
    }
  });
});
