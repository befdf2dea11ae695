/** The three examples at once. */
import "./dataset.ts";
import "./distiller.ts";
import "./model.ts";
