/// <reference lib="dom" />

/** An element of the page by its id; null where the page has none. */
export function find<T extends Element = HTMLElement>(id: string): T | null {
  return document.getElementById(id) as unknown as T | null;
}

/** Makes an element with properties and children; texts stay texts. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Partial<HTMLElementTagNameMap[K]> = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

let probe: HTMLElement | null = null;

/** Red, green and blue of one of the style's colours, as it is shown now. */
export function rgb(name: string): [number, number, number] {
  const [red = 0, green = 0, blue = 0] = colour(name).match(/[\d.]+/g)?.map(Number) ?? [];
  return [red, green, blue];
}

/** One of the style's colours, such as `student`, as CSS writes it now. */
export function colour(name: string): string {
  probe ??= document.body.appendChild(make("i", { hidden: true }));
  probe.style.color = `var(--${name})`;
  return getComputedStyle(probe).color;
}

const drawn: (() => void)[] = [];

/** Draws now, and again where the colours change: in the dark, and for print. */
export function onColours(draw: () => void): void {
  drawn.push(draw);
  draw();
}

const redraw = () => drawn.forEach((draw) => draw());
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
addEventListener("beforeprint", () => {
  document.documentElement.style.colorScheme = "light";
  redraw();
});
addEventListener("afterprint", () => {
  document.documentElement.style.colorScheme = "";
  redraw();
});

/** Draws again when the element becomes wider or narrower. */
export function onWidth(element: HTMLElement, draw: (width: number) => void): void {
  let width = 0;
  new ResizeObserver(() => {
    const now = Math.floor(element.clientWidth);
    if (now === width || now === 0) return;
    width = now;
    draw(now);
  }).observe(element);
}

/** A group of choices of which one is chosen, as `fieldset`; told of each change. */
export function choices<T extends string>(
  legend: string,
  options: readonly (readonly [T, string])[],
  chosen: T,
  onChange: (value: T) => void,
): HTMLFieldSetElement {
  const name = `choice-${legend}-${Math.random().toString(36).slice(2)}`;
  const inputs = options.map(([value, label]) => {
    const input = make("input", { type: "radio", name, value, checked: value === chosen });
    input.addEventListener("change", () => onChange(value));
    return make("label", {}, input, make("span", { textContent: label }));
  });
  return make("fieldset", {}, make("legend", { textContent: legend }), ...inputs);
}

/** A number with as many digits as are worth reading. */
export function short(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(2);
  if (size >= 1000) return Math.round(value).toLocaleString("en-US");
  return String(Number(value.toPrecision(4)));
}
