/// <reference lib="deno.worker" />
import { UserError } from "../../errors.ts";
import type { FromLive, ToLive } from "./live.ts";
import { LiveServer } from "./live_server.ts";
import { LiveState } from "./live_state.ts";
import { MetricsTail } from "./metrics_tail.ts";

const state = new LiveState({ stops: true });
let server: LiveServer | null = null;

function answer(message: FromLive): void {
  self.postMessage(message);
}

function open(port: number | undefined): void {
  try {
    const stop = () => answer({ type: "stop" });
    server = new LiveServer({ state, port, option: "--live", stop });
    answer({ type: "open", address: server.address });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    answer({ type: "refused", message: error.message });
  }
}

/** Shows what a run that goes on has logged before. */
function goOn(folder: string, startEpoch: number): void {
  for (const line of new MetricsTail(folder).next().lines) {
    if (line.kind === "step") state.point(line);
    else if (line.epoch < startEpoch) state.epoch(line);
  }
  state.tell({ epoch: startEpoch });
}

self.onmessage = async ({ data }: MessageEvent<ToLive>) => {
  if (data.type === "open") return open(data.port);
  if (data.type === "news") {
    const { news } = data;
    if (news.type === "memory") {
      return state.take({ ...news, process: Deno.memoryUsage().rss });
    }
    state.take(news);
    if (news.type === "run_start" && news.startEpoch > 1) goOn(news.outputDir, news.startEpoch);
    return;
  }
  state.take({ type: "end", reason: data.reason });
  await server?.close();
  answer({ type: "closed" });
};
