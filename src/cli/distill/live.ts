import type { LivePage } from "../../report/live/live.ts";
import type { PipelineListener } from "../../run/pipeline/options.ts";
import { combine } from "../../train/events.ts";

/** A pipeline's listener that shows on a page as well what it hears. */
export function liveListener(
  listener: PipelineListener,
  page: Pick<LivePage, "tell" | "sink">,
): PipelineListener {
  return {
    stage(name, at, of, how) {
      listener.stage(name, at, of, how);
      page.tell({ type: "stage", name, at, of });
      if (how !== "anew") page.tell({ type: "note", message: how });
    },
    pictures: (found) => listener.pictures(found),
    decided(facts, decisions) {
      listener.decided(facts, decisions);
      const { images, test, names } = facts;
      const message = `${names.length} classes, ${images} pictures to train on, ${test} held out`;
      for (const line of [message, ...decisions.why]) page.tell({ type: "note", message: line });
    },
    progress(what, done, total) {
      listener.progress(what, done, total);
      page.tell({ type: "counted", what, done, total });
    },
    run(name, epochs, left) {
      const shown = listener.run(name, epochs, left);
      return combine(shown, (event) => {
        // Until the last stage is done, not until this one is.
        if (event.type === "step") {
          const part = (event.epoch - 1 + event.step / event.stepsPerEpoch) / epochs;
          page.sink({ ...event, etaSeconds: left(event.etaSeconds, 1 - part) });
        } else if (event.type === "evaluate") {
          page.sink({ ...event, etaSeconds: left(event.etaSeconds, 1 - event.epoch / epochs) });
        } else page.sink(event);
      });
    },
    note(message) {
      listener.note(message);
      page.tell({ type: "note", message });
    },
    warn(message) {
      listener.warn(message);
      page.tell({ type: "warning", message });
    },
  };
}
