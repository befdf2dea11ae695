const REASONS: ReadonlyMap<string, string> = new Map([
  ["ENOENT", "there is no such file or folder"],
  ["EACCES", "permission denied"],
  ["EPERM", "permission denied"],
  ["EROFS", "the file system is read-only"],
  ["ENOSPC", "the disk is full"],
  ["EDQUOT", "the disk quota is used up"],
  ["ENOTDIR", "a part of the path is a file, not a folder"],
  ["EISDIR", "it is a folder, not a file"],
  ["EEXIST", "a file of that name is in the way"],
]);

/** Why a file could not be read or written, in a few words, from the error that Deno threw. */
export function ioReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const known = REASONS.get((error as Error & { code?: string }).code ?? "");
  if (known) return known;
  if (error instanceof Deno.errors.NotFound) return REASONS.get("ENOENT")!;
  if (error instanceof Deno.errors.PermissionDenied) return REASONS.get("EACCES")!;
  if (error instanceof Deno.errors.NotCapable) return `Deno may not (${error.message})`;
  return error.message.replace(/: \w+ '.*$/, "").replace(/ \(os error \d+\)/, "");
}
