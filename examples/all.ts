/** The examples at once. */
import "./dataset.ts";
import "./distiller.ts";
import "./model.ts";
import "./optimizer.ts";
import "./schedule.ts";
