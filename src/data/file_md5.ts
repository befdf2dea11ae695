import { createHash } from "node:crypto";

/** MD5 of a file in hexadecimal digits, read in parts. */
export async function fileMd5(path: string): Promise<string> {
  const hash = createHash("md5");
  const file = await Deno.open(path);
  for await (const part of file.readable) hash.update(part);
  return hash.digest("hex");
}
