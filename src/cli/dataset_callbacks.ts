import type { DatasetCallbacks } from "../data/load_dataset.ts";

/** Tells on standard error that a data set is made ready for the first time, and what went wrong with that. */
export function datasetCallbacks(): DatasetCallbacks {
  return {
    onProgress: (done, total) => {
      if (done === 0) console.error(`reading the images of ${total} classes for the first time`);
      if (done === total) console.error("the images are ready and kept in a cache");
    },
    onWarning: (message) => console.error(`warning: ${message}`),
  };
}
