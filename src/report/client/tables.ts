/// <reference lib="dom" />

/** Has the headings of tables with the class `sortable` sort their rows: once up, once down. */
export function sortTables(): void {
  for (const table of document.querySelectorAll<HTMLTableElement>("table.sortable")) {
    const headings = [...table.tHead!.rows[0].cells];
    headings.forEach((heading, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      heading.append(button);
      button.addEventListener("click", () => {
        const up = heading.getAttribute("aria-sort") === "ascending";
        for (const each of headings) each.removeAttribute("aria-sort");
        heading.setAttribute("aria-sort", up ? "descending" : "ascending");
        sortRows(table, column, up ? -1 : 1);
      });
    });
  }
}

function sortRows(table: HTMLTableElement, column: number, sign: number): void {
  const [body] = table.tBodies;
  const key = (row: HTMLTableRowElement) => {
    const cell = row.cells[column];
    return cell.dataset.value ?? cell.textContent?.trim().replace("\u2212", "-") ?? "";
  };
  const compare = (a: string, b: string) => {
    const [x, y] = [parseFloat(a), parseFloat(b)];
    return Number.isNaN(x) || Number.isNaN(y) ? a.localeCompare(b) : x - y;
  };
  body.append(...[...body.rows].sort((a, b) => sign * compare(key(a), key(b))));
}
