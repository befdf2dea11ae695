import { environment, granted } from "../../formats/environment.ts";

/** The text of /proc/self/status that the tasks hand on: Deno lets only those read it who may do anything. */
const STATUS = "WKD_SIGNALS";

/** The answer for this process: the first listener of any signal has Deno give all of them their usual meaning back. */
let ignored: boolean | undefined;

/**
 * Whether this command was started to outlive its terminal (`nohup`), which starts it with SIGHUP ignored. To be asked before
 * any signal is listened to. `deno task` listens to all, so that a task hands on what it was before.
 */
export function hangupIgnored(): boolean {
  return ignored ??= ignoresHangup(processStatus() ?? "");
}

/** Whether a process whose `/proc/<id>/status` is given ignores SIGHUP. */
export function ignoresHangup(status: string): boolean {
  const [, mask] = /SigIgn:\s*([0-9a-f]+)/i.exec(status) ?? [];
  // Bit 0 is signal 1, SIGHUP.
  return mask !== undefined && (parseInt(mask.slice(-1), 16) & 1) === 1;
}

function processStatus(): string | undefined {
  const told = environment(STATUS);
  if (told !== undefined) return told;
  const kinds = ["read", "write", "net", "env", "run", "ffi", "sys"] as const;
  const everything = kinds.every((name) => granted({ name }));
  if (Deno.build.os !== "linux" || !everything) return undefined;
  try {
    return Deno.readTextFileSync("/proc/self/status");
  } catch {
    return undefined;
  }
}

/** Keeps a closed terminal from ending a command that was started with `nohup`, where Deno would let it. */
export function outliveTerminal(): void {
  if (hangupIgnored()) Deno.addSignalListener("SIGHUP", () => {});
}
