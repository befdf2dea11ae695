/// <reference lib="dom" />
import { CurveSet } from "./curves.ts";
import { find } from "./dom.ts";
import type { ReportData } from "./page_data.ts";

const data: ReportData = JSON.parse(find("data")!.textContent!);
if (data.curves) new CurveSet(data.curves);
document.documentElement.dataset.ready = "true";
