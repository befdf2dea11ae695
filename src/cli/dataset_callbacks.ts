import type { DatasetCallbacks } from "../data/dataset_config.ts";
import { visible } from "../formats/visible.ts";
import { type CountBar, countBar } from "./count_bar.ts";

/** Tells on standard error that a data set is made ready, which can take a while, and what goes wrong with it. */
export function datasetCallbacks(): DatasetCallbacks {
  let bar: CountBar | null = null;
  return {
    onProgress: (done, total, what) => {
      if (done === 0) {
        console.error(visible(`reading ${total.toLocaleString("en-US")} ${what}`));
        bar = countBar("reading", what);
      }
      bar?.update(done, total);
      if (done === total) bar?.clear();
    },
    onNote: (message) => {
      bar?.clear();
      console.error(visible(message));
    },
    onWarning: (message) => {
      bar?.clear();
      console.error(`warning: ${visible(message)}`);
    },
  };
}
