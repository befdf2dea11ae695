/** What the system says of a file or folder, through links; null where there is none, or it cannot be looked at. */
export function fileInfo(path: string): Deno.FileInfo | null {
  try {
    return Deno.statSync(path);
  } catch {
    return null;
  }
}

/** Whether there is a file at a path. */
export function fileExists(path: string): boolean {
  return fileInfo(path)?.isFile ?? false;
}

/** Whether there is a folder at a path, or a link that leads to one. */
export function isFolder(path: string): boolean {
  return fileInfo(path)?.isDirectory ?? false;
}

/** When what is at a path was changed, in milliseconds; less than any time where nothing is there. */
export function changedAt(path: string): number {
  const info = fileInfo(path);
  return info ? info.mtime?.getTime() ?? 0 : -Infinity;
}

/** Whether there is anything at a path, be it a link that leads nowhere. */
export function isThere(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Removes a file; one that is not there, or that cannot be removed, is left to whoever looks next. */
export function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // Nobody waits for it to go.
  }
}
