/**
 * `deno task data`: runs `data download` with the network of the hosts that it needs and nothing else, and whatever else
 * without any. Deno fixes permissions before it reads the words of a command, so that a process that does nothing else has
 * to start the one that does the work.
 *
 * @module
 */

import { datasets } from "../data/registry.ts";

/** Signals that end the work, whose process then ends this one. */
const SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT"]
  : ["SIGINT", "SIGTERM", "SIGHUP"];

/** Hosts, each with its port, that a download may reach: those of the archives, and that of a mirror. */
export function hostsOf(words: readonly string[]): string[] {
  const mirrors = words.flatMap((word, i) => {
    if (word.startsWith("--url=")) return [word.slice("--url=".length)];
    return word === "--url" ? words.slice(i + 1, i + 2) : [];
  });
  const published = datasets().flatMap(({ archive }) => archive ? [archive.url] : []);
  const urls = [...published, ...mirrors.map(withScheme)];
  const hosts = urls.filter((url) => URL.canParse(url)).map((url) => {
    const { hostname, port, protocol } = new URL(url);
    return `${hostname}:${port || (protocol === "http:" ? 80 : 443)}`;
  });
  return [...new Set(hosts)];
}

/** An address with https where it names no other way. */
export function withScheme(url: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(url) ? url : `https://${url}`;
}

/** The words behind `deno run` that do what the words of the task ask for. */
export function dataCommand(words: readonly string[]): string[] {
  const permissions = words[0] === "download"
    ? ["-P=download", `--allow-net=${hostsOf(words).join(",")}`]
    : ["-P=bench"];
  return ["run", "-q", ...permissions, "mod.ts", "data", ...words];
}

if (import.meta.main) {
  const child = new Deno.Command("deno", { args: dataCommand(Deno.args) }).spawn();
  for (const signal of SIGNALS) {
    Deno.addSignalListener(signal, () => {
      // The terminal sends Ctrl-C to both.
      if (signal !== "SIGINT") child.kill(signal);
    });
  }
  Deno.exit((await child.status).code);
}
