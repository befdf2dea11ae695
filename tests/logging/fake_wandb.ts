/** Stands in for the package @wandb/sdk: writes what it is told into a file, or fails as its configuration says. */
interface FakeConfig {
  readonly file: string;
  readonly fails?: "init" | "later" | "never finishes" | "exits";
}

let config: FakeConfig = { file: "" };

function write(entry: unknown): void {
  Deno.writeTextFileSync(config.file, JSON.stringify(entry) + "\n", { append: true });
}

export default {
  init(options: { config: FakeConfig }): Promise<void> {
    config = options.config;
    if (config.fails === "init") throw new Error("no such project\nand more");
    if (config.fails === "later") setTimeout(() => throwLater(), 0);
    if (config.fails === "exits") Deno.exit(3);
    write(options);
    return Promise.resolve();
  },
  log(data: Record<string, number>, step: number): void {
    write([data.test_acc, step]);
  },
  finish(): Promise<void> {
    write("finish");
    return config.fails ? new Promise(() => {}) : Promise.resolve();
  },
};

function throwLater(): never {
  throw new Error("thrown where nobody catches");
}
