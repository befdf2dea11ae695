const STATUS = "/var/lib/dpkg/status";
const PACKAGE = "mesa-vulkan-drivers";

/**
 * The version of Mesa that dpkg has installed, such as `25.0.7`: WebGPU does not tell it.
 *
 * @param status the text of dpkg's status file; default that of this system
 * @returns null where the system has no dpkg or no such package
 */
export function mesaVersion(status: string | null = readStatus()): string | null {
  const start = status?.indexOf(`Package: ${PACKAGE}\n`) ?? -1;
  if (start < 0) return null;
  const entry = status!.slice(start).split("\n\n", 1)[0];
  return /^Version: (?:\d+:)?(\d[\d.]*)/m.exec(entry)?.[1] ?? null;
}

function readStatus(): string | null {
  try {
    return Deno.readTextFileSync(STATUS);
  } catch {
    return null;
  }
}
