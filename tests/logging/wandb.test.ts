import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { wandbChoice, WandbLog, type WandbSurroundings } from "../../src/logging/wandb.ts";
import { EPOCH_END, POINT } from "./helpers.ts";
import { inTempDir } from "../temp_dir.ts";

Deno.test("wandbChoice() says what is missing, and takes W&B where nothing is", () => {
  const env = (variables: Record<string, string>) => (name: string) => variables[name];
  const all: WandbSurroundings = {
    env: env({ WANDB_API_KEY: "k" }),
    resolve: (name) => `npm:${name}`,
    granted: () => true,
  };
  const reason = (changes: Partial<WandbSurroundings>) => {
    const choice = wandbChoice({ ...all, ...changes });
    return choice.use ? null : choice.reason;
  };
  const start = { module: "npm:@wandb/sdk", apiKey: "k", baseUrl: "https://api.wandb.ai" };
  assertEquals(wandbChoice(all), { use: true, start });
  assertEquals(reason({ env: env({}) }), "there is no WANDB_API_KEY; set it, or LOG.WANDB False");
  assertEquals(
    reason({ env: env({ WANDB_API_KEY: "k", WANDB_MODE: "offline" }) }),
    "WANDB_MODE is offline",
  );
  assertEquals(reason({ env: env({ WANDB_API_KEY: "k", WANDB_MODE: "online" }) }), null);
  assertEquals(
    reason({ env: env({ WANDB_API_KEY: "k", WANDB_BASE_URL: "here" }) }),
    "WANDB_BASE_URL is no address: here",
  );
  assertEquals(
    reason({ resolve: () => null }),
    "the package @wandb/sdk is not there; add it with: deno add npm:@wandb/sdk",
  );
  assertStringIncludes(
    reason({ granted: ({ name }) => name !== "net" })!,
    "--allow-net=api.wandb.ai",
  );
  assertStringIncludes(reason({ granted: ({ name }) => name !== "env" })!, "--allow-env");
});

/** Logs two epochs to the fake package; returns what it wrote and what was noted. */
async function log(fails?: string): Promise<{ written: unknown[]; notes: string[] }> {
  const notes: string[] = [];
  let written: unknown[] = [];
  await inTempDir(async (folder) => {
    const file = join(folder, "log");
    const wandb = new WandbLog(
      {
        module: new URL("./fake_wandb.ts", import.meta.url).href,
        ...{ apiKey: "k", baseUrl: "https://x", project: "p", name: "n" },
        config: { file, ...(fails ? { fails } : {}) },
      },
      (message) => notes.push(message),
      fails ? 2000 : undefined,
    );
    wandb.sink(POINT);
    for (const epoch of [1, 2]) wandb.sink({ ...EPOCH_END, epoch });
    await wandb.close();
    await wandb.close();
    wandb.sink(EPOCH_END);
    const text = fails === "init" || fails === "exits" ? "" : Deno.readTextFileSync(file);
    written = text.split("\n").filter(Boolean).map((line) => JSON.parse(line));
  });
  return { written, notes };
}

Deno.test("WandbLog hands epochs to the package and waits for its end", async () => {
  const { written, notes } = await log();
  const [{ config: _, ...options }, ...rest] = written as [Record<string, unknown>];
  assertEquals(options, {
    ...{ project: "p", name: "n" },
    settings: { apiKey: "k", baseUrl: "https://x", silent: true },
  });
  assertEquals(rest, [[EPOCH_END.test.top1, 1], [EPOCH_END.test.top1, 2], "finish"]);
  assertEquals(notes, []);
});

const OFF = "W&B failed and is off from here on, the run's own logs go on: ";

Deno.test("WandbLog lets the run go on whatever the package does", async () => {
  assertEquals((await log("init")).notes, [`${OFF}no such project`]);
  const later = await log("later");
  assertEquals(later.notes.length, 1);
  assertStringIncludes(later.notes[0], "thrown where nobody catches");
  assertEquals((await log("never finishes")).notes, [`${OFF}no answer in 2 s`]);
  assertEquals((await log("exits")).notes, [`${OFF}no answer in 2 s`]);
});
