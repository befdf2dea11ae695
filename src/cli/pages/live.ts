import { join } from "@std/path";
import { asTyped } from "../../config/typed_path.ts";
import { UserError } from "../../errors.ts";
import { fileExists, isFolder } from "../../formats/paths.ts";
import { visible } from "../../formats/visible.ts";
import { LiveServer } from "../../report/live/live_server.ts";
import { watchedFolder, WatchedRun } from "../../report/live/watch_run.ts";
import { CONFIG_FILE } from "../../run/run_file_names.ts";
import { interruptSignal } from "../terminal/interrupt_signal.ts";

/** Milliseconds between two looks at the files. */
const LOOK_MS = 1000;

/**
 * Shows a run of another process on a page until Ctrl-C, from its files alone.
 *
 * @param folder the run's, or that of a pipeline, of which the run that goes on is shown
 * @param port the port; default the first free one from 8100 on
 * @returns the exit status
 * @throws UserError where there is no such run, or the port is taken
 */
export async function live(folder: string, port?: number): Promise<number> {
  checkRun(folder);
  const interrupt = interruptSignal("no longer watching; the run goes on");
  let watched = new WatchedRun(watchedFolder(folder));
  watched.look();
  const server = new LiveServer({ state: watched.state, port, option: "--port", stop: null });
  const timer = setInterval(() => {
    const now = watchedFolder(folder);
    if (now !== watched.folder) {
      watched = new WatchedRun(now);
      server.state = watched.state;
    }
    watched.look();
  }, LOOK_MS);
  try {
    console.log(`${visible(asTyped(folder))} is at ${server.address} (Ctrl-C ends)`);
    await new Promise((resolve) => interrupt.signal.addEventListener("abort", resolve));
    return interrupt.status;
  } finally {
    clearInterval(timer);
    await server.close();
    interrupt.dispose();
  }
}

function checkRun(folder: string): void {
  const typed = asTyped(folder);
  if (!isFolder(folder)) {
    throw new UserError(
      `there is no folder ${typed}; live wants that of a run, such as output/fashion_mnist/wkd_l_f_resnet20_resnet8`,
    );
  }
  const path = watchedFolder(folder);
  if (fileExists(join(path, CONFIG_FILE))) return;
  throw new UserError(`${typed} is no run's folder: there is no ${CONFIG_FILE} in it`);
}
