/** A polynomial from LR to 0, for `SOLVER.LR_SCHEDULE poly`; it goes on step by step. */
import * as wkd from "../mod.ts";

wkd.registerSchedule("poly", {
  doc: "LR times a power of the part of the run that is left.",
  keys: { POLY_POWER: wkd.field.float(0.9, "Power of the part that is left.", { above: 0 }) },
  build: ({ LR, POLY_POWER }) => (moment) =>
    LR * (1 - wkd.epochsDone(moment) / moment.epochs) ** POLY_POWER,
});
