import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { dataCommand, hostsOf } from "../../src/cli/data_task.ts";
import { extract } from "../data/extract.ts";
import { writeImageFolder } from "../data/image_fixture.ts";
import { inTempDir } from "../temp_dir.ts";

const root = fromFileUrl(new URL("../..", import.meta.url));

interface Permissions {
  readonly [kind: string]: true | readonly string[];
}

const { tasks, permissions }: {
  tasks: Record<string, { command: string; description: string }>;
  permissions: Record<string, Permissions>;
} = JSON.parse(Deno.readTextFileSync(join(root, "deno.json")));

/** Runs deno in a folder below the project's, as somebody who types there. */
async function deno(folder: string, ...args: string[]) {
  const { INIT_CWD: _, ...env } = Deno.env.toObject();
  const command = new Deno.Command(Deno.execPath(), {
    args,
    cwd: join(root, folder),
    clearEnv: true,
    env: { ...env, NO_COLOR: "1" },
  });
  const { code, stdout, stderr } = await command.output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: decode(stdout), stderr: decode(stderr) };
}

Deno.test("every task says what it does, in a command of one line", () => {
  for (const [name, { command, description }] of Object.entries(tasks)) {
    assert(description, name);
    const [, set] = /\bdeno run -q -P=(\w+) mod\.ts /.exec(command) ?? [];
    if (set) assert(Object.hasOwn(permissions, set), `${name}: ${set}`);
  }
  const shown = [
    "train",
    "eval",
    "cost-matrix",
    "results",
    "quickstart",
    "inspect",
    "convert",
    "export",
  ];

  for (const name of shown) {
    const command = tasks[name].command.replace(/^\(exit \S+\) \|\| WKD_RANK='[^']+'; /, "")
      .replace(/^WKD_SIGNALS=\$\(cat \S+ 2>\/dev\/null\) /, "").replace("$WKD_RANK ", "");
    assertMatch(command, /^deno run -q -P=\w+ mod\.ts \S+$/);
  }
});

Deno.test("tasks have the permissions that they need: none is for everything, few reach a network", () => {
  const { compute, train, bench } = permissions;
  for (const [name, set] of Object.entries(permissions)) {
    // --live of the commands that train; without it they give that up.
    const net = name === "train" ? ["127.0.0.1"] : undefined;
    assertEquals([set.run, set.net, set.read], [undefined, net, true], name);
    assert(Array.isArray(set.env) && Array.isArray(set.ffi ?? []) && Array.isArray(set.sys ?? []));
  }
  const wandb = ["WANDB_API_KEY", "WANDB_MODE", "WANDB_BASE_URL"];
  assertEquals(train, {
    ...compute,
    net: ["127.0.0.1"],
    env: [...compute.env as string[], ...wandb],
  });
  assertEquals(
    Object.values(bench).flat().every((each) => {
      return Object.values(compute).flat().includes(each);
    }),
    true,
  );
});

Deno.test("every task that loads data loads each kind of it with its permissions", async () => {
  await inTempDir(async (folder) => {
    const [images, cifar] = [join(folder, "images"), join(folder, "cifar")];
    writeImageFolder(images);
    await extract(join(root, "tests/fixtures/data/data_cifar.tar.gz"), cifar);
    const script = "tests/cli/programs/load_every_dataset.ts";
    for (const set of ["compute", "train", "eval", "bench"]) {
      const args = ["run", "-q", "--no-check", `-P=${set}`, script, images, cifar];
      const { code, stdout, stderr } = await deno(".", ...args);
      assertEquals(code, 0, `${set}: ${stderr}`);
      assertEquals(stdout, "image_folder 1\nimage_folder 1\ncifar100 1\nfashion_mnist 1\n", set);
      Deno.removeSync(join(root, ".cache/tasks_test"), { recursive: true });
    }
  });
});

Deno.test("deno task takes paths from where it is typed", async () => {
  await inTempDir(async (folder) => {
    const file = "fashion_mnist/vanilla/resnet8.yaml";
    const config = await deno("configs", "task", "config", "--cfg", file, "LOG.PREFIX", "../out");
    assertEquals(config.code, 0, config.stderr);
    assertStringIncludes(config.stdout, 'PREFIX: "out"');
    assertEquals(config.stderr.trim().split("\n").length, 1);
    const missing = await deno("configs", "task", "-q", "eval", "no.pth");
    assertEquals([missing.code, missing.stderr.includes("checkpoint no.pth")], [1, true]);
    const to = join(folder, "x.pth");
    const from = "../checkpoints/fashion_mnist/resnet20.safetensors";
    const converted = await deno("configs", "task", "-q", "convert", from, to);
    assertEquals(converted.code, 0, converted.stderr);
    const bench = ["task", "-q", "data", "bench", file, "DATASET.SUBSET", "10", "--batches", "2"];
    const { code, stdout, stderr } = await deno("configs", ...bench);
    assertEquals(code, 0, stderr);
    assertMatch(stdout, /fashion_mnist\/train .* images\/s/);
  });
});

Deno.test("data download reaches the hosts of its archives and of --url, data bench none", () => {
  const known = "www.cs.toronto.edu:443";
  assertEquals(hostsOf(["download", "cifar10"]), [known]);
  assertEquals(hostsOf(["--url", "http://a.b:8/x", "--url=c.d/y"]), [known, "a.b:8", "c.d:443"]);
  assertEquals(hostsOf(["--url"]), [known]);
  assertEquals(
    dataCommand(["download", "cifar10"]).slice(0, 4),
    ["run", "-q", "-P=download", `--allow-net=${known}`],
  );
  assertEquals(dataCommand(["bench"]), ["run", "-q", "-P=bench", "mod.ts", "data", "bench"]);
});

Deno.test("deno task data download fetches from a host that --url names", async () => {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response("something else"),
  );
  try {
    await inTempDir(async (folder) => {
      const url = `http://127.0.0.1:${server.addr.port}/c.tar.gz`;
      const words = ["data", "download", "cifar10", "--url", url, "--root", folder];
      const { code, stderr } = await deno("tests", "task", "-q", ...words);
      assertEquals(code, 1);
      assertStringIncludes(stderr, "has 14 bytes, but the published file has 170498071");
    });
  } finally {
    await server.shutdown();
  }
});

Deno.test("deno run mod.ts needs neither the environment nor the size of the memory", async () => {
  const model = "checkpoints/fashion_mnist/resnet20.safetensors";
  const allowed = ["run", "-q", "--no-prompt", "--no-check", "--allow-read"];
  const few = ["DATASET.VALIDATION", "2"];
  const { code, stdout, stderr } = await deno(".", ...allowed, "mod.ts", "eval", model, ...few);
  assertEquals(code, 0, stderr);
  assertStringIncludes(stdout, "top-1");
});
