// Writes the README's pictures of a run's report: deno run -A bench/report_pictures.ts RUN
// RUN is the folder of a run whose report.html has the figures of its models.
import { fromFileUrl, join, toFileUrl } from "@std/path";
import type { Page } from "playwright-core";
import sharp from "sharp";
import { openChromium, visit } from "../tests/browser/helpers.ts";

const IMAGES = fromFileUrl(new URL("../docs/images/", import.meta.url));
const WIDTH = 1180;

/** What stands in a picture: from the top of one element to the bottom of another. */
interface Picture {
  readonly name: string;
  readonly colorScheme: "light" | "dark";
  readonly from: string;
  readonly to: string;
}

const PICTURES: readonly Picture[] = [
  { name: "report_light.png", colorScheme: "light", from: ".top", to: "#curve-top1" },
  {
    name: "report_dark.png",
    colorScheme: "dark",
    from: "#transport",
    to: "#transport .plan:nth-child(4)",
  },
];

async function shot(page: Page, { from, to }: Picture): Promise<Uint8Array> {
  const [top, bottom] = [
    await page.locator(from).first().boundingBox(),
    await page.locator(to).first().boundingBox(),
  ];
  if (!top || !bottom) throw new Error(`${from} or ${to} is not in the report`);
  const height = bottom.y + bottom.height - top.y + 28;
  const clip = { x: 0, y: Math.max(0, top.y - 12), width: WIDTH, height };
  return await page.screenshot({ clip, fullPage: true });
}

async function main([run]: readonly string[]): Promise<void> {
  const browser = await openChromium({ webgpu: false });
  Deno.mkdirSync(IMAGES, { recursive: true });
  for (const picture of PICTURES) {
    const { colorScheme, name } = picture;
    const viewport = { width: WIDTH, height: 900 };
    const url = toFileUrl(join(Deno.realPathSync(run), "report.html")).href;
    await using visited = await visit(browser, url, { viewport, colorScheme });
    await visited.page.waitForSelector("html[data-ready=true]");
    await visited.page.addStyleTag({ content: "nav { position: static !important }" });
    await visited.page.waitForTimeout(500);
    const bytes = await sharp(await shot(visited.page, picture))
      .png({ palette: true, quality: 90, effort: 10 }).toBuffer();
    Deno.writeFileSync(join(IMAGES, name), bytes);
    console.log(`${name}: ${Math.round(bytes.length / 1000)} kB`);
  }
  await browser.close();
}

await main(Deno.args);
