import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { packCells, unpackCells } from "../../src/report/client/bytes.ts";
import { html } from "../../src/report/page/html.ts";
import { renderPage } from "../../src/report/page/page.ts";

const HOSTILE = `<img src=x onerror="alert('x')">&</script><script>alert(1)</script>`;

Deno.test("html escapes texts, in elements and attributes, and nothing twice", () => {
  const inner = html`<b>${HOSTILE}</b>`;
  const { markup } = html`<p title="${HOSTILE}">${[inner, null, false, 3]}</p>`;
  const escaped = HOSTILE.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;").replaceAll("'", "&#39;");
  assertEquals(markup, `<p title="${escaped}"><b>${escaped}</b>3</p>`);
});

Deno.test("renderPage() has everything in it, and nothing of a text's becomes markup", async () => {
  const sections = [{ id: "one", title: HOSTILE, about: HOSTILE, body: HOSTILE }];
  const text = await renderPage({
    ...{ title: HOSTILE, lead: HOSTILE, sections, client: "report" },
    data: { curves: { places: [], figures: [] }, name: HOSTILE },
  });
  assert(!text.includes("<img"));
  assertEquals(text.match(/<script/g)!.length, 3);
  assertEquals(text.match(/<\/script/g)!.length, 3);
  assertEquals([...text.matchAll(/(?:src|href)="(?!#|data:)[^"]*"/g)], []);
  assertStringIncludes(text, "default-src &#39;none&#39;");
  const [, json] = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(text)!;
  assertEquals(JSON.parse(json).name, HOSTILE);
});

Deno.test("unpackCells() gives the cells that packCells() was given", () => {
  const cells = [[0, 0, 3], [0, 1, 70_000], [9, 999, 1], [999, 999, 128]] as const;
  assertEquals(unpackCells(packCells(cells, 1000), 1000), cells.map((cell) => [...cell]));
  assertEquals(unpackCells(packCells([], 4), 4), []);
});
