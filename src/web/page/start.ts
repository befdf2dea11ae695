/// <reference lib="dom" />
import { CARD_FILE, type FolderCard } from "../folder_card.ts";
import * as wkd from "./wkd.ts";

/** An element of the page by its id. */
export function at<T extends Element = HTMLElement>(id: string): T {
  return document.getElementById(id) as unknown as T;
}

/** Shows a sentence in place of an answer. */
export function tell(message: string): void {
  const notice = at("notice");
  notice.textContent = message;
  notice.hidden = false;
}

/** Takes back what {@linkcode tell} showed. */
export function untell(): void {
  at("notice").hidden = true;
}

/** Something that the visitor can mend, or has to know: shown without its class. */
export class PageError extends Error {}

/** What went wrong, in a sentence. */
export function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * What a page begins with: the device, the card of its folder and the bytes of a file.
 *
 * @throws {PageError} where there is no WebGPU, or the folder is not whole
 */
export async function openFolder(): Promise<{ gpu: wkd.Gpu; folder: FolderCard }> {
  const text = new TextDecoder().decode(await fetchFile(CARD_FILE));
  return { folder: parseCard(text), gpu: await openDevice() };
}

function parseCard(text: string): FolderCard {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new PageError(`${CARD_FILE} is damaged: ${reason(error)}`);
  }
}

/** The bytes of a file of the folder. */
export async function fetchFile(name: string): Promise<Uint8Array> {
  const response = await fetch(name).catch((error) => {
    throw new PageError(`${name} cannot be read: ${reason(error)}`);
  });
  if (!response.ok) {
    throw new PageError(`${name} cannot be read: the server says ${response.status}`);
  }
  return new Uint8Array(await response.arrayBuffer());
}

async function openDevice(): Promise<wkd.Gpu> {
  if (!("gpu" in navigator) || !navigator.gpu) {
    throw new PageError(
      isSecureContext
        ? "This browser has no WebGPU, with which the model computes. Chrome, Edge and Safari 26 have it, Firefox on Windows and macOS; elsewhere it may be switched off in the settings."
        : "WebGPU is only there where the page comes from a safe place: open it by https, or from 127.0.0.1 or localhost.",
    );
  }
  try {
    return await wkd.init();
  } catch (error) {
    throw new PageError(
      `This browser has WebGPU but no graphics adapter for it (${
        reason(error)
      }). Its graphics driver may be too old or blocked, or hardware acceleration switched off in the settings.`,
    );
  }
}

/** The adapter's name, as far as the browser says it. */
export function adapterName({ info, software }: wkd.Gpu): string {
  const { description, vendor, architecture, device } = info;
  const parts = [vendor, architecture, device].filter(Boolean);
  const name = description || parts.join(" ") || "a graphics adapter";
  return software ? `${name} (software: slow)` : name;
}

/** Runs a page, and shows what goes wrong in a sentence. */
export async function run(page: () => Promise<void>): Promise<void> {
  for (const stuck of document.querySelectorAll(".stuck")) stuck.remove();
  // A picture that misses its place would open in the page's stead.
  for (const type of ["dragover", "drop"]) {
    document.addEventListener(type, (event) => event.preventDefault());
  }
  try {
    await page();
  } catch (error) {
    tell(reason(error));
    if (!(error instanceof PageError)) console.error(error);
  }
}
