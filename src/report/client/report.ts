/// <reference lib="dom" />
import { ConfusionFigure } from "./confusion.ts";
import { CurveSet } from "./curves.ts";
import { find } from "./dom.ts";
import { drawHeatMaps } from "./heat_map.ts";
import type { ReportData } from "./page_data.ts";
import { sortTables } from "./tables.ts";

const data: ReportData = JSON.parse(find("data")!.textContent!);
if (data.curves) new CurveSet(data.curves);
const confusion = find("confusion-figure");
if (data.confusion && confusion) new ConfusionFigure(confusion, data.confusion);
if (data.heat) drawHeatMaps(data.heat);
sortTables();
document.documentElement.dataset.ready = "true";
